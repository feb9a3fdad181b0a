#include "Internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const SCHEMA_SQL =
    "CREATE TABLE companies(uscc TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL DEFAULT '',"
    " address TEXT NOT NULL DEFAULT '', county TEXT NOT NULL DEFAULT '',"
    " credit TEXT NOT NULL DEFAULT 'B', legal_rep TEXT NOT NULL DEFAULT '',"
    " status TEXT NOT NULL DEFAULT '', phone TEXT, capital INTEGER,"
    " updated_at INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX companies_county ON companies(county);";

const char *const INSERT_SQL = "INSERT INTO companies VALUES(?,?,?,?,?,?,?,?,?,?)";
const char *const UPDATE_SQL = "UPDATE companies SET credit=?1, updated_at=?2 WHERE uscc=?3";

int fail(csb_engine *engine, sqlite3 *connection, const char *what) {
  snprintf(
      engine->error, sizeof engine->error, "%s%s%s", what, connection ? ": " : "",
      connection ? sqlite3_errmsg(connection) : "");
  return -1;
}

int execute(csb_engine *engine, sqlite3 *connection, const char *sql) {
  if (sqlite3_exec(connection, sql, NULL, NULL, NULL) == SQLITE_OK) return 0;
  return fail(engine, connection, sql);
}

int prepare(csb_engine *engine, sqlite3 *connection, const char *sql, sqlite3_stmt **statement) {
  if (sqlite3_prepare_v2(connection, sql, -1, statement, NULL) == SQLITE_OK) return 0;
  return fail(engine, connection, sql);
}

int step_done(csb_engine *engine, sqlite3_stmt *statement) {
  if (sqlite3_step(statement) != SQLITE_DONE)
    return fail(engine, sqlite3_db_handle(statement), sqlite3_sql(statement));
  sqlite3_reset(statement);
  return 0;
}

int open_new(csb_engine *engine, const char *name, sqlite3 **connection) {
  static const char *const suffixes[] = {"-wal", "-shm", ""};
  char path[1024];
  for (int i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "%s/%s%s", engine->folder, name, suffixes[i]);
    unlink(path);
  }
  if (sqlite3_open(path, connection) != SQLITE_OK) return fail(engine, *connection, path);
  char pragmas[160];
  snprintf(
      pragmas, sizeof pragmas,
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=%s; PRAGMA cache_size=-65536;",
      engine->full ? "FULL" : "NORMAL");
  if (execute(engine, *connection, pragmas)) return -1;
  return execute(engine, *connection, SCHEMA_SQL);
}

static int query(csb_engine *engine, sqlite3 *connection, const char *sql, int64_t *value) {
  sqlite3_stmt *statement;
  if (prepare(engine, connection, sql, &statement)) return -1;
  int code = sqlite3_step(statement);
  if (code == SQLITE_ROW) *value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return code == SQLITE_ROW ? 0 : fail(engine, connection, sql);
}

int count_rows(csb_engine *engine, sqlite3 *connection, int64_t *count) {
  return query(engine, connection, "SELECT count(*) FROM companies", count);
}

csb_engine *csb_engine_create(
    csb_kind kind, const csb_workload *workload, const char *folder, int full) {
  csb_engine *engine = calloc(1, sizeof *engine);
  if (!engine) return NULL;
  engine->kind = kind;
  engine->workload = workload;
  engine->folder = strdup(folder);
  engine->full = full;
  return engine;
}

void csb_engine_destroy(csb_engine *engine) {
  if (!engine) return;
  session_end(engine);
  sqlite3_close(engine->a);
  sqlite3_close(engine->b);
  sqlite3_close(engine->hub);
  bytes_free(&engine->payload);
  for (int i = 0; i < ONE_ROW_REPEATS; i++) bytes_free(&engine->ones[i]);
  if (engine->children)
    for (int32_t i = 0; i < engine->workload->children; i++) bytes_free(&engine->children[i]);
  free(engine->children);
  free(engine->folder);
  free(engine);
}

const char *csb_engine_error(const csb_engine *engine) { return engine->error; }

int csb_engine_run(csb_engine *engine, csb_phase phase, csb_measure *measure) {
  memset(measure, 0, sizeof *measure);
  if (phase < CSB_INSERT || phase > CSB_HUB_APPLY) return fail(engine, NULL, "unknown phase");
  return phase < CSB_HUB_ENCODE ? run_core(engine, phase, measure)
                                : run_hub(engine, phase, measure);
}

int csb_engine_sum(csb_engine *engine, int which, int64_t *sum) {
  sqlite3 *connection = which == 0 ? engine->a : which == 1 ? engine->b : engine->hub;
  if (!connection) return fail(engine, NULL, "that database is not open");
  return query(
      engine, connection,
      "SELECT sum(length(name) * 7 + unicode(credit) * 31 + updated_at % 100003 + length(uscc))"
      " * 1000003 + count(*) FROM companies",
      sum);
}

int insert_rows(csb_engine *engine, sqlite3 *connection, int32_t low, int32_t high) {
  sqlite3_stmt *statement;
  if (prepare(engine, connection, INSERT_SQL, &statement)) return -1;
  int failed = execute(engine, connection, "BEGIN IMMEDIATE");
  for (int32_t row = low; row < high && !failed; row++) {
    bind_row(engine->workload, statement, row);
    failed = step_done(engine, statement);
  }
  if (!failed) failed = execute(engine, connection, "COMMIT");
  sqlite3_finalize(statement);
  return failed;
}

int update_rows(
    csb_engine *engine, sqlite3 *connection, const csb_update *updates, int32_t count) {
  sqlite3_stmt *statement;
  if (prepare(engine, connection, UPDATE_SQL, &statement)) return -1;
  int failed = execute(engine, connection, "BEGIN IMMEDIATE");
  for (int32_t i = 0; i < count && !failed; i++) {
    bind_update(engine->workload, statement, &updates[i]);
    failed = step_done(engine, statement);
  }
  if (!failed) failed = execute(engine, connection, "COMMIT");
  sqlite3_finalize(statement);
  return failed;
}
