#define _GNU_SOURCE
#include "Internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

static double seconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

double csb_wall_seconds(void) { return seconds(CLOCK_MONOTONIC); }
double csb_cpu_seconds(void) { return seconds(CLOCK_PROCESS_CPUTIME_ID); }

Stopwatch stopwatch_start(void) {
  Stopwatch started;
  started.wall = csb_wall_seconds();
  started.cpu = csb_cpu_seconds();
  return started;
}

void stopwatch_add(Stopwatch started, double *wall, double *cpu) {
  *wall += csb_wall_seconds() - started.wall;
  *cpu += csb_cpu_seconds() - started.cpu;
}

/* A benchmark that is out of memory has nothing to report. */
static void *resized(void *memory, size_t size) {
  void *result = realloc(memory, size);
  if (!result) abort();
  return result;
}

void bytes_put(Bytes *bytes, const void *source, size_t count) {
  if (bytes->length + count > bytes->capacity) {
    bytes->capacity = (bytes->length + count) * 2 + 4096;
    bytes->start = resized(bytes->start, bytes->capacity);
  }
  if (count > 0) memcpy(bytes->start + bytes->length, source, count);
  bytes->length += count;
}

void bytes_put_varint(Bytes *bytes, uint64_t value) {
  uint8_t text[10];
  size_t count = 0;
  while (value > 127) {
    text[count++] = (uint8_t)(value | 128);
    value >>= 7;
  }
  text[count++] = (uint8_t)value;
  bytes_put(bytes, text, count);
}

void bytes_free(Bytes *bytes) {
  free(bytes->start);
  memset(bytes, 0, sizeof *bytes);
}

int64_t deflated_length(const Bytes *bytes, csb_measure *measure) {
  Stopwatch started = stopwatch_start();
  uLongf length = compressBound((uLong)bytes->length);
  Bytef *target = resized(NULL, length);
  compress2(target, &length, bytes->start, (uLong)bytes->length, 6);
  free(target);
  stopwatch_add(started, &measure->deflate_wall, &measure->deflate_cpu);
  return (int64_t)length;
}

csb_workload *csb_workload_create(void) { return calloc(1, sizeof(csb_workload)); }

void csb_workload_destroy(csb_workload *workload) {
  if (!workload) return;
  for (int list = 0; list < 4; list++) free(workload->lists[list].items);
  bytes_free(&workload->arena);
  free(workload->cells);
  free(workload);
}

static void append(csb_workload *workload, int64_t word, int32_t length) {
  if (workload->cell_count == workload->cell_capacity) {
    workload->cell_capacity = workload->cell_capacity * 2 + 4096;
    workload->cells = resized(workload->cells, workload->cell_capacity * sizeof(Cell));
  }
  workload->cells[workload->cell_count++] = (Cell){word, length};
}

void csb_workload_append_text(csb_workload *workload, const uint8_t *bytes, int32_t length) {
  append(workload, (int64_t)workload->arena.length, length);
  bytes_put(&workload->arena, bytes, (size_t)length);
}

void csb_workload_append_integer(csb_workload *workload, int64_t value) {
  append(workload, value, CELL_INTEGER);
}

void csb_workload_append_null(csb_workload *workload) { append(workload, 0, CELL_NULL); }

void csb_workload_set_updates(
    csb_workload *workload, csb_list list, const csb_update *updates, int32_t count) {
  Updates *target = &workload->lists[list];
  free(target->items);
  target->items = resized(NULL, (size_t)(count > 0 ? count : 1) * sizeof *updates);
  if (count > 0) memcpy(target->items, updates, (size_t)count * sizeof *updates);
  target->count = count;
}

void csb_workload_set_core(csb_workload *workload, int32_t first, int32_t later) {
  workload->first = first;
  workload->later = later;
}

void csb_workload_set_hub(
    csb_workload *workload, int32_t children, int32_t base, int32_t inserts, int32_t updates) {
  workload->children = children;
  workload->base = base;
  workload->hub_inserts = inserts;
  workload->hub_updates = updates;
}

static void bind_cell(
    const csb_workload *workload, sqlite3_stmt *statement, int index, const Cell *cell) {
  switch (cell->length) {
    case CELL_NULL: sqlite3_bind_null(statement, index); break;
    case CELL_INTEGER: sqlite3_bind_int64(statement, index, cell->word); break;
    default:
      sqlite3_bind_text(
          statement, index, (const char *)workload->arena.start + cell->word, cell->length,
          SQLITE_STATIC);
  }
}

void bind_row(const csb_workload *workload, sqlite3_stmt *statement, int32_t row) {
  const Cell *cells = workload->cells + (size_t)row * CSB_COLUMNS;
  for (int column = 0; column < CSB_COLUMNS; column++)
    bind_cell(workload, statement, column + 1, &cells[column]);
}

void bind_key(const csb_workload *workload, sqlite3_stmt *statement, int index, int32_t row) {
  bind_cell(workload, statement, index, &workload->cells[(size_t)row * CSB_COLUMNS]);
}

void bind_update(const csb_workload *workload, sqlite3_stmt *statement, const csb_update *update) {
  static const char letters[] = "ABCD";
  sqlite3_bind_text(statement, 1, letters + (update->credit & 3), 1, SQLITE_STATIC);
  sqlite3_bind_int64(statement, 2, update->updated_at);
  bind_key(workload, statement, 3, update->row);
}
