#include "Internal.h"

#include <stdio.h>
#include <sys/stat.h>

static int run_insert(csb_engine *engine, csb_measure *measure) {
  if (open_new(engine, "a.db", &engine->a) || open_new(engine, "b.db", &engine->b)) return -1;
  if (session_begin(engine, engine->a)) return -1;
  measure->rows = engine->workload->first;
  Stopwatch started = stopwatch_start();
  int failed = insert_rows(engine, engine->a, 0, engine->workload->first);
  stopwatch_add(started, &measure->wall, &measure->cpu);
  return failed;
}

static int run_update(csb_engine *engine, csb_measure *measure) {
  const Updates *updates = &engine->workload->lists[CSB_UPDATES];
  if (session_begin(engine, engine->a)) return -1;
  measure->rows = updates->count;
  Stopwatch started = stopwatch_start();
  int failed = update_rows(engine, engine->a, updates->items, updates->count);
  stopwatch_add(started, &measure->wall, &measure->cpu);
  return failed;
}

/* What the three bulk change sets hold. */
static Work bulk_work(const csb_workload *workload, csb_phase phase) {
  const Updates *updates = &workload->lists[CSB_UPDATES], *mixed = &workload->lists[CSB_MIXED];
  Work work = {0};
  if (phase == CSB_ENCODE_INSERTS || phase == CSB_APPLY_INSERTS) {
    work.scan = 1;
    work.high = workload->first;
  } else if (phase == CSB_ENCODE_UPDATES || phase == CSB_APPLY_UPDATES) {
    work.updates = updates->items;
    work.update_count = updates->count;
  } else {
    work.merge = 1;
    work.low = workload->first;
    work.high = workload->first + workload->later;
    work.updates = mixed->items;
    work.update_count = mixed->count;
  }
  return work;
}

/* B's concurrent updates, then A's inserts and updates; not measured. */
static int prepare_mix(csb_engine *engine) {
  const csb_workload *workload = engine->workload;
  const Updates *mixed = &workload->lists[CSB_MIXED], *remote = &workload->lists[CSB_REMOTE];
  if (update_rows(engine, engine->b, remote->items, remote->count)) return -1;
  if (session_begin(engine, engine->a)) return -1;
  if (insert_rows(engine, engine->a, workload->first, workload->first + workload->later))
    return -1;
  return update_rows(engine, engine->a, mixed->items, mixed->count);
}

static int run_encode(csb_engine *engine, csb_phase phase, csb_measure *measure) {
  if (phase == CSB_ENCODE_MIX && prepare_mix(engine)) return -1;
  Work work = bulk_work(engine->workload, phase);
  measure->rows = work.high - work.low + work.update_count;
  Stopwatch started = stopwatch_start();
  int failed = encode(engine, engine->a, &work, &engine->payload);
  stopwatch_add(started, &measure->wall, &measure->cpu);
  if (failed) return -1;
  measure->bytes = (int64_t)engine->payload.length;
  measure->deflated = deflated_length(&engine->payload, measure);
  return 0;
}

static int run_apply(csb_engine *engine, csb_phase phase, csb_measure *measure) {
  Work work = bulk_work(engine->workload, phase);
  measure->rows = work.high - work.low + work.update_count;
  measure->bytes = (int64_t)engine->payload.length;
  engine->conflicts = 0;
  Stopwatch started = stopwatch_start();
  int failed = apply(engine, engine->b, &work, &engine->payload, phase == CSB_APPLY_MIX);
  stopwatch_add(started, &measure->wall, &measure->cpu);
  bytes_free(&engine->payload);
  if (failed) return -1;
  int expected = phase == CSB_APPLY_MIX ? engine->workload->lists[CSB_REMOTE].count : 0;
  if (engine->kind == CSB_SESSION && engine->conflicts != expected) {
    snprintf(
        engine->error, sizeof engine->error, "%d conflicts, expected %d", engine->conflicts,
        expected);
    return -1;
  }
  int64_t a = 0, b = 0;
  if (phase == CSB_APPLY_MIX)
    failed = count_rows(engine, engine->a, &a) || count_rows(engine, engine->b, &b);
  else
    failed = csb_engine_sum(engine, 0, &a) || csb_engine_sum(engine, 1, &b);
  if (!failed && a != b) return fail(engine, NULL, "A and B differ after the change set");
  return failed;
}

static int run_single(csb_engine *engine, csb_measure *measure) {
  const Updates *single = &engine->workload->lists[CSB_SINGLE];
  sqlite3_stmt *statement;
  if (session_begin(engine, engine->a)) return -1;
  if (prepare(engine, engine->a, UPDATE_SQL, &statement)) return -1;
  int failed = 0;
  measure->rows = single->count;
  Stopwatch started = stopwatch_start();
  for (int32_t i = 0; i < single->count && !failed; i++) {
    bind_update(engine->workload, statement, &single->items[i]);
    failed = step_done(engine, statement);
  }
  stopwatch_add(started, &measure->wall, &measure->cpu);
  sqlite3_finalize(statement);
  session_end(engine);
  return failed;
}

/* Raw: one probe of an index for what is newer; session: a change set of nothing. */
static int run_no_difference(csb_engine *engine, csb_measure *measure) {
  sqlite3_stmt *probe;
  Bytes nothing = {0};
  if (prepare(engine, engine->a, "SELECT count(*) FROM companies WHERE rowid > ?1", &probe))
    return -1;
  int failed = session_begin(engine, engine->a);
  measure->rows = ONE_ROW_REPEATS;
  for (int i = 0; i < ONE_ROW_REPEATS && !failed; i++) {
    Stopwatch started = stopwatch_start();
    if (engine->kind == CSB_SESSION) {
      failed = encode(engine, engine->a, NULL, &nothing);
    } else {
      sqlite3_bind_int64(probe, 1, engine->workload->first + engine->workload->later);
      failed = sqlite3_step(probe) != SQLITE_ROW || sqlite3_column_int64(probe, 0) != 0;
      sqlite3_reset(probe);
    }
    stopwatch_add(started, &measure->wall, &measure->cpu);
    measure->bytes += (int64_t)nothing.length;
    if (!failed) failed = session_begin(engine, engine->a);
  }
  session_end(engine);
  sqlite3_finalize(probe);
  bytes_free(&nothing);
  return failed ? fail(engine, NULL, "nothing was expected to differ") : 0;
}

static csb_update one_update(const csb_workload *workload, int repeat) {
  const Updates *single = &workload->lists[CSB_SINGLE];
  csb_update update = {single->items[0].row, repeat & 3, 1760000000000 + repeat};
  return update;
}

static int run_one(csb_engine *engine, csb_phase phase, csb_measure *measure) {
  measure->rows = ONE_ROW_REPEATS;
  for (int i = 0; i < ONE_ROW_REPEATS; i++) {
    csb_update update = one_update(engine->workload, i);
    Work work = {.updates = &update, .update_count = 1};
    if (phase == CSB_ENCODE_ONE
        && (session_begin(engine, engine->a) || update_rows(engine, engine->a, &update, 1)))
      return -1;
    Stopwatch started = stopwatch_start();
    int failed = phase == CSB_ENCODE_ONE ? encode(engine, engine->a, &work, &engine->ones[i])
                                         : apply(engine, engine->b, &work, &engine->ones[i], 0);
    stopwatch_add(started, &measure->wall, &measure->cpu);
    if (failed) return -1;
    measure->bytes += (int64_t)engine->ones[i].length;
    if (phase == CSB_ENCODE_ONE)
      measure->deflated += deflated_length(&engine->ones[i], measure);
  }
  return 0;
}

static int run_file_size(csb_engine *engine, csb_measure *measure) {
  char path[1024];
  struct stat status;
  if (execute(engine, engine->a, "PRAGMA wal_checkpoint(TRUNCATE)")) return -1;
  snprintf(path, sizeof path, "%s/a.db", engine->folder);
  if (stat(path, &status)) return fail(engine, NULL, path);
  measure->bytes = status.st_size;
  return count_rows(engine, engine->a, &measure->rows);
}

int run_core(csb_engine *engine, csb_phase phase, csb_measure *measure) {
  if (phase != CSB_INSERT && !engine->a) return fail(engine, NULL, "phases run in order");
  switch (phase) {
    case CSB_INSERT: return run_insert(engine, measure);
    case CSB_UPDATE: return run_update(engine, measure);
    case CSB_ENCODE_INSERTS:
    case CSB_ENCODE_UPDATES:
    case CSB_ENCODE_MIX: return run_encode(engine, phase, measure);
    case CSB_APPLY_INSERTS:
    case CSB_APPLY_UPDATES:
    case CSB_APPLY_MIX: return run_apply(engine, phase, measure);
    case CSB_SINGLE_TRANSACTIONS: return run_single(engine, measure);
    case CSB_NO_DIFFERENCE: return run_no_difference(engine, measure);
    case CSB_ENCODE_ONE:
    case CSB_APPLY_ONE: return run_one(engine, phase, measure);
    default: return run_file_size(engine, measure);
  }
}
