#include "Internal.h"

#include <stdlib.h>

/* One child: its share of the hub's rows, then inserts and updates, of which a row's last one counts. */
static Work child_work(const csb_workload *workload, int32_t child) {
  const csb_update *updates =
      workload->lists[CSB_MIXED].items + (size_t)child * (size_t)workload->hub_updates;
  int32_t distinct =
      workload->hub_updates < workload->base ? workload->hub_updates : workload->base;
  Work work = {.merge = 1};
  work.low = workload->children * workload->base + child * workload->hub_inserts;
  work.high = work.low + workload->hub_inserts;
  work.updates = updates + (workload->hub_updates - distinct);
  work.update_count = distinct;
  return work;
}

static int encode_child(csb_engine *engine, int32_t child, csb_measure *measure) {
  const csb_workload *workload = engine->workload;
  const csb_update *updates =
      workload->lists[CSB_MIXED].items + (size_t)child * (size_t)workload->hub_updates;
  Work work = child_work(workload, child);
  sqlite3 *connection = NULL;
  int failed = open_new(engine, "child.db", &connection)
      || insert_rows(engine, connection, child * workload->base, (child + 1) * workload->base)
      || session_begin(engine, connection)
      || insert_rows(engine, connection, work.low, work.high)
      || update_rows(engine, connection, updates, workload->hub_updates);
  if (!failed) {
    Stopwatch started = stopwatch_start();
    failed = encode(engine, connection, &work, &engine->children[child]);
    stopwatch_add(started, &measure->wall, &measure->cpu);
    measure->rows += work.high - work.low + work.update_count;
    measure->bytes += (int64_t)engine->children[child].length;
    measure->deflated += deflated_length(&engine->children[child], measure);
  }
  session_end(engine);
  sqlite3_close(connection);
  return failed;
}

int run_hub(csb_engine *engine, csb_phase phase, csb_measure *measure) {
  const csb_workload *workload = engine->workload;
  if (phase == CSB_HUB_ENCODE) {
    engine->children = calloc((size_t)workload->children, sizeof(Bytes));
    if (!engine->children) return fail(engine, NULL, "out of memory");
    if (open_new(engine, "hub.db", &engine->hub)) return -1;
    if (insert_rows(engine, engine->hub, 0, workload->children * workload->base)) return -1;
    for (int32_t child = 0; child < workload->children; child++)
      if (encode_child(engine, child, measure)) return -1;
    return 0;
  }
  if (!engine->hub) return fail(engine, NULL, "phases run in order");
  for (int32_t child = 0; child < workload->children; child++) {
    Work work = child_work(workload, child);
    Stopwatch started = stopwatch_start();
    int failed = apply(engine, engine->hub, &work, &engine->children[child], 0);
    stopwatch_add(started, &measure->wall, &measure->cpu);
    if (failed) return -1;
    measure->rows += work.high - work.low + work.update_count;
    measure->bytes += (int64_t)engine->children[child].length;
  }
  int64_t expected = (int64_t)workload->children * (workload->base + workload->hub_inserts);
  if (count_rows(engine, engine->hub, &engine->hub_rows)) return -1;
  return engine->hub_rows == expected ? 0 : fail(engine, NULL, "the hub lacks rows");
}
