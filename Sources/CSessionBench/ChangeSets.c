#include "Internal.h"

#include <string.h>

/* ---- session extension ---- */

int session_begin(csb_engine *engine, sqlite3 *connection) {
  if (engine->kind != CSB_SESSION) return 0;
  session_end(engine);
  if (sqlite3session_create(connection, "main", &engine->session) != SQLITE_OK
      || sqlite3session_attach(engine->session, "companies") != SQLITE_OK)
    return fail(engine, connection, "session");
  return 0;
}

void session_end(csb_engine *engine) {
  if (engine->session) sqlite3session_delete(engine->session);
  engine->session = NULL;
}

static int encode_session(csb_engine *engine, sqlite3 *connection, Bytes *payload) {
  int length = 0;
  void *changes = NULL;
  if (!engine->session) return fail(engine, NULL, "no session was begun");
  if (sqlite3session_changeset(engine->session, &length, &changes) != SQLITE_OK)
    return fail(engine, connection, "sqlite3session_changeset");
  bytes_put(payload, changes, (size_t)length);
  sqlite3_free(changes);
  session_end(engine);
  return 0;
}

/* The last writer by updated_at wins; where only other values differ, the incoming row. */
static int on_conflict(void *context, int kind, sqlite3_changeset_iter *change) {
  enum { UPDATED_AT = 9 };
  ((csb_engine *)context)->conflicts++;
  if (kind == SQLITE_CHANGESET_CONFLICT) return SQLITE_CHANGESET_REPLACE;
  if (kind != SQLITE_CHANGESET_DATA) return SQLITE_CHANGESET_OMIT;
  sqlite3_value *incoming = NULL, *current = NULL;
  sqlite3changeset_new(change, UPDATED_AT, &incoming);
  sqlite3changeset_conflict(change, UPDATED_AT, &current);
  sqlite3_int64 theirs = incoming ? sqlite3_value_int64(incoming) : 0;
  sqlite3_int64 ours = current ? sqlite3_value_int64(current) : 0;
  return theirs > ours ? SQLITE_CHANGESET_REPLACE : SQLITE_CHANGESET_OMIT;
}

static int apply_session(
    csb_engine *engine, sqlite3 *connection, const Bytes *payload, int with_rebase) {
  void *rebase = NULL;
  int length = 0;
  int code = sqlite3changeset_apply_v2(
      connection, (int)payload->length, payload->start, NULL, on_conflict, engine,
      with_rebase ? &rebase : NULL, with_rebase ? &length : NULL, 0);
  sqlite3_free(rebase);
  return code == SQLITE_OK ? 0 : fail(engine, connection, "sqlite3changeset_apply");
}

/* ---- raw: the rows are read and packed, and bound again; nothing is tracked ---- */

static void pack(Bytes *payload, sqlite3_stmt *row, int column) {
  if (sqlite3_column_type(row, column) == SQLITE_INTEGER) {
    bytes_put_varint(payload, (uint64_t)sqlite3_column_int64(row, column) << 1);
  } else {
    const void *bytes = sqlite3_column_blob(row, column);
    size_t length = (size_t)sqlite3_column_bytes(row, column);
    bytes_put_varint(payload, length << 1 | 1);
    bytes_put(payload, bytes, length);
  }
}

static void pack_row(Bytes *payload, sqlite3_stmt *row) {
  for (int column = 0; column < CSB_COLUMNS; column++) pack(payload, row, column);
}

static int encode_scan(csb_engine *engine, sqlite3 *connection, const Work *work, Bytes *payload) {
  sqlite3_stmt *rows;
  if (prepare(
          engine, connection, "SELECT * FROM companies WHERE rowid > ?1 AND rowid <= ?2", &rows))
    return -1;
  sqlite3_bind_int(rows, 1, work->low);
  sqlite3_bind_int(rows, 2, work->high);
  while (sqlite3_step(rows) == SQLITE_ROW) pack_row(payload, rows);
  int code = sqlite3_finalize(rows);
  return code == SQLITE_OK ? 0 : fail(engine, connection, "scan");
}

static int encode_raw(csb_engine *engine, sqlite3 *connection, const Work *work, Bytes *payload) {
  enum { USCC = 0, CREDIT = 4, UPDATED_AT = 9 };
  if (work->scan) return encode_scan(engine, connection, work, payload);
  sqlite3_stmt *one;
  if (prepare(engine, connection, "SELECT * FROM companies WHERE uscc=?1", &one)) return -1;
  int failed = 0;
  for (int32_t row = work->low; row < work->high && !failed; row++) {
    bind_key(engine->workload, one, 1, row);
    failed = sqlite3_step(one) != SQLITE_ROW;
    if (!failed) pack_row(payload, one);
    sqlite3_reset(one);
  }
  for (int32_t i = 0; i < work->update_count && !failed; i++) {
    bind_key(engine->workload, one, 1, work->updates[i].row);
    failed = sqlite3_step(one) != SQLITE_ROW;
    if (!failed) {
      bytes_put(
          payload, sqlite3_column_blob(one, USCC), (size_t)sqlite3_column_bytes(one, USCC));
      bytes_put(payload, sqlite3_column_blob(one, CREDIT), 1);
      bytes_put_varint(payload, (uint64_t)sqlite3_column_int64(one, UPDATED_AT));
    }
    sqlite3_reset(one);
  }
  sqlite3_finalize(one);
  return failed ? fail(engine, connection, "a changed row is missing") : 0;
}

static const char *const UPSERT_SQL =
    "INSERT INTO companies VALUES(?,?,?,?,?,?,?,?,?,?) ON CONFLICT(uscc) DO UPDATE SET"
    " name=excluded.name, address=excluded.address, county=excluded.county,"
    " credit=excluded.credit, legal_rep=excluded.legal_rep, status=excluded.status,"
    " phone=excluded.phone, capital=excluded.capital, updated_at=excluded.updated_at"
    " WHERE excluded.updated_at > companies.updated_at";
static const char *const UPDATE_IF_NEWER_SQL =
    "UPDATE companies SET credit=?1, updated_at=?2 WHERE uscc=?3 AND updated_at < ?2";

static int apply_raw(csb_engine *engine, sqlite3 *connection, const Work *work) {
  sqlite3_stmt *statement = NULL;
  int failed = execute(engine, connection, "BEGIN IMMEDIATE");
  if (!failed && work->high > work->low) {
    failed = prepare(engine, connection, work->merge ? UPSERT_SQL : INSERT_SQL, &statement);
    for (int32_t row = work->low; row < work->high && !failed; row++) {
      bind_row(engine->workload, statement, row);
      failed = step_done(engine, statement);
    }
    sqlite3_finalize(statement);
  }
  if (!failed && work->update_count > 0) {
    failed = prepare(engine, connection, UPDATE_IF_NEWER_SQL, &statement);
    for (int32_t i = 0; i < work->update_count && !failed; i++) {
      bind_update(engine->workload, statement, &work->updates[i]);
      failed = step_done(engine, statement);
    }
    sqlite3_finalize(statement);
  }
  return failed ? failed : execute(engine, connection, "COMMIT");
}

/* ---- either ---- */

int encode(csb_engine *engine, sqlite3 *connection, const Work *work, Bytes *payload) {
  bytes_free(payload);
  return engine->kind == CSB_SESSION ? encode_session(engine, connection, payload)
                                     : encode_raw(engine, connection, work, payload);
}

int apply(
    csb_engine *engine, sqlite3 *connection, const Work *work, const Bytes *payload,
    int with_rebase) {
  return engine->kind == CSB_SESSION ? apply_session(engine, connection, payload, with_rebase)
                                     : apply_raw(engine, connection, work);
}
