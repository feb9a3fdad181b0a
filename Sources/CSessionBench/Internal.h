#ifndef CSESSIONBENCH_INTERNAL_H
#define CSESSIONBENCH_INTERNAL_H

#include "CSessionBench.h"

#include <sqlite3.h>
#include <stddef.h>

/* One cell: bytes of the arena, or an integer in `word` (length CELL_INTEGER), or NULL. */
typedef struct Cell {
  int64_t word;
  int32_t length;
} Cell;
enum { CELL_NULL = -1, CELL_INTEGER = -2 };

typedef struct Updates {
  csb_update *items;
  int32_t count;
} Updates;

typedef struct Bytes {
  uint8_t *start;
  size_t length;
  size_t capacity;
} Bytes;

struct csb_workload {
  Cell *cells;
  size_t cell_count, cell_capacity;
  Bytes arena;
  Updates lists[4];
  int32_t first, later;
  int32_t children, base, hub_inserts, hub_updates;
};

/* The rows of a change set: inserts [low, high), then updates. `scan` reads the inserts by rowid, as
** they are the whole table; `merge` lets an insert meet an existing row. */
typedef struct Work {
  int scan, merge;
  int32_t low, high;
  const csb_update *updates;
  int32_t update_count;
} Work;

enum { ONE_ROW_REPEATS = 20 };

struct csb_engine {
  csb_kind kind;
  const csb_workload *workload;
  char *folder;
  int full;
  sqlite3 *a, *b, *hub;
  sqlite3_session *session;
  Bytes payload;              /* of the encode phase before an apply phase */
  Bytes ones[ONE_ROW_REPEATS];
  Bytes *children;
  int64_t hub_rows;
  int conflicts;
  char error[256];
};

typedef struct Stopwatch {
  double wall, cpu;
} Stopwatch;

void bytes_put(Bytes *bytes, const void *source, size_t count);
void bytes_put_varint(Bytes *bytes, uint64_t value);
void bytes_free(Bytes *bytes);
/* Length after zlib level 6; adds to the deflate seconds of the measure. */
int64_t deflated_length(const Bytes *bytes, csb_measure *measure);

Stopwatch stopwatch_start(void);
void stopwatch_add(Stopwatch started, double *wall, double *cpu);

int fail(csb_engine *engine, sqlite3 *connection, const char *what);
int execute(csb_engine *engine, sqlite3 *connection, const char *sql);
int prepare(csb_engine *engine, sqlite3 *connection, const char *sql, sqlite3_stmt **statement);
int step_done(csb_engine *engine, sqlite3_stmt *statement);
/* Makes a new database file with the table, its index and the pragmas. */
int open_new(csb_engine *engine, const char *name, sqlite3 **connection);
int count_rows(csb_engine *engine, sqlite3 *connection, int64_t *count);

void bind_row(const csb_workload *workload, sqlite3_stmt *statement, int32_t row);
void bind_key(const csb_workload *workload, sqlite3_stmt *statement, int index, int32_t row);
void bind_update(const csb_workload *workload, sqlite3_stmt *statement, const csb_update *update);

extern const char *const INSERT_SQL;
extern const char *const UPDATE_SQL;

/* Local writes, one transaction each. */
int insert_rows(csb_engine *engine, sqlite3 *connection, int32_t low, int32_t high);
int update_rows(csb_engine *engine, sqlite3 *connection, const csb_update *updates, int32_t count);

/* The two engines. session_begin does nothing for raw. */
int session_begin(csb_engine *engine, sqlite3 *connection);
void session_end(csb_engine *engine);
int encode(csb_engine *engine, sqlite3 *connection, const Work *work, Bytes *payload);
int apply(
    csb_engine *engine, sqlite3 *connection, const Work *work, const Bytes *payload,
    int with_rebase);

int run_core(csb_engine *engine, csb_phase phase, csb_measure *measure);
int run_hub(csb_engine *engine, csb_phase phase, csb_measure *measure);

#endif
