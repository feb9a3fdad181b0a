#ifndef CSESSIONBENCH_H
#define CSESSIONBENCH_H

#include <stdint.h>

/* The baselines that Tributary is measured against: plain SQLite through prepared statements ("raw")
** and SQLite's session extension, both in C on the same table, index, pragmas and transactions.
** Rows and updates are given by the caller, so that every engine works on the same ones.
** Every function that returns int returns 0, or -1 with a text in csb_engine_error(). */

/* ---- what to do ---- */

/* The rows of the table `companies` and the updates of one run. */
typedef struct csb_workload csb_workload;

/* Columns of `companies`, in order: uscc, name, address, county, credit, legal_rep, status, phone (text
** or NULL), capital, updated_at (integers). */
enum { CSB_COLUMNS = 10 };

/* UPDATE of credit (0…3 = A…D) and updated_at of one row, by its index. */
typedef struct csb_update {
  int32_t row;
  int32_t credit;
  int64_t updated_at;
} csb_update;

/* Which list of updates. */
typedef enum csb_list {
  CSB_UPDATES = 0, /* core: the bulk update at A */
  CSB_MIXED = 1,   /* core: A's updates of the mixed change set; hub: all children's, child by child */
  CSB_REMOTE = 2,  /* core: B's concurrent updates */
  CSB_SINGLE = 3   /* core: one-row transactions */
} csb_list;

csb_workload *csb_workload_create(void);
void csb_workload_destroy(csb_workload *workload);
/* Appends the next cell; CSB_COLUMNS cells are a row. Bytes are copied. */
void csb_workload_append_text(csb_workload *workload, const uint8_t *bytes, int32_t length);
void csb_workload_append_integer(csb_workload *workload, int64_t value);
void csb_workload_append_null(csb_workload *workload);
/* Replaces one list of updates by a copy. */
void csb_workload_set_updates(
    csb_workload *workload, csb_list list, const csb_update *updates, int32_t count);
/* core: rows inserted first, then rows of the mixed change set. */
void csb_workload_set_core(csb_workload *workload, int32_t first, int32_t later);
/* hub: children, rows that each has from the start, inserts and updates of each. */
void csb_workload_set_hub(
    csb_workload *workload, int32_t children, int32_t base, int32_t inserts, int32_t updates);

/* ---- doing it ---- */

typedef enum csb_kind { CSB_RAW = 0, CSB_SESSION = 1 } csb_kind;

/* The phases, to be run in this order; those of the hub are a run of their own. */
typedef enum csb_phase {
  CSB_INSERT = 0,
  CSB_ENCODE_INSERTS,
  CSB_APPLY_INSERTS,
  CSB_UPDATE,
  CSB_ENCODE_UPDATES,
  CSB_APPLY_UPDATES,
  CSB_ENCODE_MIX,
  CSB_APPLY_MIX,
  CSB_SINGLE_TRANSACTIONS,
  CSB_NO_DIFFERENCE,
  CSB_ENCODE_ONE,
  CSB_APPLY_ONE,
  CSB_FILE_SIZE,
  CSB_HUB_ENCODE,
  CSB_HUB_APPLY
} csb_phase;

/* What one phase took. Seconds; bytes of the change set before and after zlib level 6. The deflate
** seconds are apart from wall and cpu. */
typedef struct csb_measure {
  int64_t rows;
  double wall;
  double cpu;
  double deflate_wall;
  double deflate_cpu;
  int64_t bytes;
  int64_t deflated;
} csb_measure;

typedef struct csb_engine csb_engine;

/* An engine that makes its files in an existing folder, replacing those of an earlier run. `full` is 1
** for synchronous=FULL, 0 for NORMAL. The workload must outlive it. NULL when memory is short. */
csb_engine *csb_engine_create(
    csb_kind kind, const csb_workload *workload, const char *folder, int full);
void csb_engine_destroy(csb_engine *engine);
const char *csb_engine_error(const csb_engine *engine);
int csb_engine_run(csb_engine *engine, csb_phase phase, csb_measure *measure);
/* A sum over the rows of database A (0), B (1) or the hub (2) that does not depend on their order. */
int csb_engine_sum(csb_engine *engine, int which, int64_t *sum);

/* ---- the dump: `.dump` | gzip -6, and back ---- */

typedef struct csb_dump_measure {
  int64_t rows;
  int64_t bytes;    /* SQL text */
  int64_t deflated; /* in gzip format */
  double out_wall, out_cpu; /* reading, writing SQL, deflating */
  double in_wall, in_cpu;   /* inflating, executing, commit */
} csb_dump_measure;

/* Dumps every table of `source` as SQL, deflates it, inflates it and loads it into `target`, which is
** replaced. Returns 0, or -1 with a text in `error`, which holds at least 256 bytes. */
int csb_dump(const char *source, const char *target, int full, csb_dump_measure *measure, char *error);

/* ---- the process ---- */

double csb_wall_seconds(void);
double csb_cpu_seconds(void);

/* Runs `body` in a forked child and takes its result: memory is measured in a process of its own. To be
** called before this process has threads. Returns 0, or -1 when the child failed. */
int csb_in_child(int64_t (*body)(void *context), void *context, int64_t *result);

#endif
