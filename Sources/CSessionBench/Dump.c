#define _GNU_SOURCE
#include "Internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static int refuse(char *error, const char *what, sqlite3 *connection) {
  snprintf(
      error, 256, "%s%s%s", what, connection ? ": " : "",
      connection ? sqlite3_errmsg(connection) : "");
  return -1;
}

static void put_text(Bytes *sql, const char *text) { bytes_put(sql, text, strlen(text)); }

static void put_quoted(Bytes *sql, const char *text, size_t length) {
  put_text(sql, "'");
  for (size_t start = 0, i = 0; i <= length; i++) {
    if (i < length && text[i] != '\'') continue;
    bytes_put(sql, text + start, i - start + (i < length));
    start = i; /* a quote is written twice: it ends this run and begins the next */
  }
  put_text(sql, "'");
}

static void put_value(Bytes *sql, sqlite3_stmt *row, int column) {
  char number[32];
  switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL: put_text(sql, "NULL"); break;
    case SQLITE_INTEGER:
      snprintf(number, sizeof number, "%lld", (long long)sqlite3_column_int64(row, column));
      put_text(sql, number);
      break;
    case SQLITE_FLOAT:
      snprintf(number, sizeof number, "%.17g", sqlite3_column_double(row, column));
      put_text(sql, number);
      break;
    default: {
      const char *text = (const char *)sqlite3_column_text(row, column);
      put_quoted(sql, text, (size_t)sqlite3_column_bytes(row, column));
    }
  }
}

static int put_rows(sqlite3 *connection, const char *table, Bytes *sql, int64_t *rows) {
  sqlite3_stmt *row;
  char *query = sqlite3_mprintf("SELECT * FROM \"%w\"", table);
  int code = sqlite3_prepare_v2(connection, query, -1, &row, NULL);
  sqlite3_free(query);
  if (code != SQLITE_OK) return -1;
  int width = sqlite3_column_count(row);
  while (sqlite3_step(row) == SQLITE_ROW) {
    put_text(sql, "INSERT INTO ");
    put_text(sql, table);
    put_text(sql, " VALUES(");
    for (int column = 0; column < width; column++) {
      if (column) put_text(sql, ",");
      put_value(sql, row, column);
    }
    put_text(sql, ");\n");
    (*rows)++;
  }
  return sqlite3_finalize(row) == SQLITE_OK ? 0 : -1;
}

/* Tables with their rows, then indexes, as the sqlite3 shell does. */
static int put_database(sqlite3 *connection, Bytes *sql, int64_t *rows) {
  sqlite3_stmt *object;
  int failed = 0;
  put_text(sql, "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n");
  if (sqlite3_prepare_v2(
          connection,
          "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
          " AND name NOT LIKE 'sqlite_%' ORDER BY type = 'index', rowid",
          -1, &object, NULL)
      != SQLITE_OK)
    return -1;
  while (!failed && sqlite3_step(object) == SQLITE_ROW) {
    put_text(sql, (const char *)sqlite3_column_text(object, 2));
    put_text(sql, ";\n");
    if (!strcmp((const char *)sqlite3_column_text(object, 0), "table"))
      failed = put_rows(connection, (const char *)sqlite3_column_text(object, 1), sql, rows);
  }
  put_text(sql, "COMMIT;\n");
  return sqlite3_finalize(object) == SQLITE_OK ? failed : -1;
}

/* The gzip format at level 6; also the way back. `result` has room for all. */
static int gzip(const Bytes *source, Bytes *result, int inflating) {
  z_stream stream = {0};
  int code = inflating ? inflateInit2(&stream, 15 + 16)
                       : deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  if (code != Z_OK) return -1;
  stream.next_in = source->start;
  stream.avail_in = (uInt)source->length;
  stream.next_out = result->start;
  stream.avail_out = (uInt)result->capacity;
  code = inflating ? inflate(&stream, Z_FINISH) : deflate(&stream, Z_FINISH);
  result->length = stream.total_out;
  if (inflating) inflateEnd(&stream);
  else deflateEnd(&stream);
  return code == Z_STREAM_END ? 0 : -1;
}

static int reserve(Bytes *bytes, size_t capacity) {
  bytes->start = malloc(capacity);
  bytes->capacity = capacity;
  return bytes->start ? 0 : -1;
}

static int load(const Bytes *packed, const char *target, int full, csb_dump_measure *measure,
                char *error) {
  static const char *const suffixes[] = {"-wal", "-shm", ""};
  char path[1024];
  for (int i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "%s%s", target, suffixes[i]);
    unlink(path);
  }
  Bytes sql = {0};
  sqlite3 *connection = NULL;
  Stopwatch started = stopwatch_start();
  int failed = reserve(&sql, (size_t)measure->bytes + 1) || gzip(packed, &sql, 1);
  if (failed) refuse(error, "inflate", NULL);
  if (!failed) {
    sql.start[sql.length] = 0;
    failed = sqlite3_open(target, &connection) != SQLITE_OK
        || sqlite3_exec(
               connection,
               full ? "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA cache_size=-65536"
                    : "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA cache_size=-65536",
               NULL, NULL, NULL)
            != SQLITE_OK
        || sqlite3_exec(connection, (const char *)sql.start, NULL, NULL, NULL) != SQLITE_OK;
    if (failed) refuse(error, "load", connection);
  }
  stopwatch_add(started, &measure->in_wall, &measure->in_cpu);
  sqlite3_close(connection);
  bytes_free(&sql);
  return failed ? -1 : 0;
}

int csb_dump(
    const char *source, const char *target, int full, csb_dump_measure *measure, char *error) {
  memset(measure, 0, sizeof *measure);
  sqlite3 *connection = NULL;
  Bytes sql = {0}, packed = {0};
  if (sqlite3_open_v2(source, &connection, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
    int failed = refuse(error, source, connection);
    sqlite3_close(connection);
    return failed;
  }
  Stopwatch started = stopwatch_start();
  int failed = put_database(connection, &sql, &measure->rows);
  if (failed) refuse(error, "dump", connection);
  if (!failed) {
    failed = reserve(&packed, compressBound((uLong)sql.length) + 64) || gzip(&sql, &packed, 0);
    if (failed) refuse(error, "deflate", NULL);
  }
  stopwatch_add(started, &measure->out_wall, &measure->out_cpu);
  sqlite3_close(connection);
  measure->bytes = (int64_t)sql.length;
  measure->deflated = (int64_t)packed.length;
  bytes_free(&sql);
  if (!failed) failed = load(&packed, target, full, measure, error);
  bytes_free(&packed);
  return failed;
}
