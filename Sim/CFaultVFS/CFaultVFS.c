// memmem
#define _GNU_SOURCE
#include "CFaultVFS.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { NODE_LIMIT = 65536, FIRST_TEMPLATE = 60000, PATH_LIMIT = 96, SHM_LOCKS = 8, SECTOR = 512 };

/// One operation since the last sync: enough to take it back, and to do it again.
typedef struct {
  sqlite3_int64 offset;
  /// Bytes written; -1 for a truncation.
  sqlite3_int64 length;
  sqlite3_int64 old_size, new_size;
  /// What stood at `offset` before (up to the old size), or what a truncation cut off.
  uint8_t *old_bytes;
  sqlite3_int64 old_length;
  uint8_t *new_bytes;
} Operation;

/// Shared memory and its locks; outlives a cut while useless connections still point to it.
typedef struct {
  void **regions;
  int region_count, references;
  int shared[SHM_LOCKS];
  void *exclusive[SHM_LOCKS];
} Shm;

typedef struct File {
  char path[PATH_LIMIT];
  int node, exists, is_ghost, is_durable, is_temporary, handles;
  uint8_t *data;
  sqlite3_int64 size, capacity;
  Operation *operations;
  int operation_count, operation_capacity;
  int shared_locks;
  void *reserved, *exclusive;
  Shm *shm;
  struct File *next;
} File;

typedef struct {
  File *files;
  uint32_t generation;
  int is_off, stuck, is_paused;
  uint64_t cut_in, drawn, cost;
  faultvfs_faults faults;
  faultvfs_counters counters;
} Node;

typedef struct {
  sqlite3_file base;
  File *file;
  Shm *shm;
  int node, level, is_temporary;
  uint32_t generation, world;
  uint16_t shm_shared, shm_exclusive;
} Handle;

static Node *nodes[NODE_LIMIT];
static uint32_t world = 1;
static uint64_t random_state, trace_state, time_milliseconds;

static uint64_t mix(uint64_t value) {
  value += 0x9E3779B97F4A7C15u;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

static void trace(uint64_t value) { trace_state = mix(trace_state ^ value); }

static void trace_bytes(const uint8_t *bytes, sqlite3_int64 count) {
  uint64_t hash = (uint64_t)count, word;
  for (; count >= 8; bytes += 8, count -= 8) {
    memcpy(&word, bytes, 8);
    hash = (hash ^ word) * 0x9FB21C651E98DF25u;
    hash ^= hash >> 32;
  }
  for (; count > 0; bytes++, count--) hash = (hash ^ *bytes) * 0x9FB21C651E98DF25u;
  trace(hash);
}

/// Node of `/<node>/<name>`; 0 for files of no node.
static int node_of(const char *path) {
  if (!path || path[0] != '/') return 0;
  int node = atoi(path + 1);
  return node > 0 && node < NODE_LIMIT ? node : 0;
}

static Node *node_at(int index) {
  if (index < 0 || index >= NODE_LIMIT) index = 0;
  if (!nodes[index]) {
    nodes[index] = calloc(1, sizeof(Node));
    nodes[index]->faults.powersafe = 1;
  }
  return nodes[index];
}

static uint64_t draw(Node *node, int index) {
  return mix(mix(node->faults.seed ^ (uint64_t)index << 40) ^ ++node->drawn);
}

static int happens(Node *node, int index, uint32_t per_million) {
  return per_million && !node->is_paused && draw(node, index) % 1000000 < per_million;
}

// MARK: files

static void forget_operations(File *file) {
  for (int i = 0; i < file->operation_count; i++) {
    free(file->operations[i].old_bytes);
    free(file->operations[i].new_bytes);
  }
  file->operation_count = 0;
}

static void free_file(File *file) {
  forget_operations(file);
  free(file->operations);
  free(file->data);
  free(file);
}

static void release_shm(Shm *shm) {
  if (!shm || --shm->references > 0) return;
  for (int i = 0; i < shm->region_count; i++) free(shm->regions[i]);
  free(shm->regions);
  free(shm);
}

static File *find(int index, const char *path) {
  for (File *file = node_at(index)->files; file; file = file->next)
    if (!strcmp(file->path, path)) return file;
  return 0;
}

static File *make(int index, const char *path) {
  File *file = calloc(1, sizeof(File));
  strncpy(file->path, path ? path : "", PATH_LIMIT - 1);
  file->node = index;
  if (path) {
    Node *node = node_at(index);
    File **last = &node->files;
    while (*last) last = &(*last)->next;
    *last = file;
  } else {
    file->is_temporary = 1;
  }
  return file;
}

static void resize(File *file, sqlite3_int64 size) {
  if (size > file->capacity) {
    sqlite3_int64 capacity = file->capacity ? file->capacity : 4096;
    while (capacity < size) capacity *= 2;
    file->data = realloc(file->data, (size_t)capacity);
    file->capacity = capacity;
  }
  if (size > file->size) memset(file->data + file->size, 0, (size_t)(size - file->size));
  file->size = size;
}

static void write_bytes(File *file, const uint8_t *bytes, sqlite3_int64 offset, sqlite3_int64 length) {
  if (offset + length > file->size) resize(file, offset + length);
  memcpy(file->data + offset, bytes, (size_t)length);
}

static uint8_t *copy(const uint8_t *bytes, sqlite3_int64 length) {
  if (length <= 0) return 0;
  uint8_t *result = malloc((size_t)length);
  memcpy(result, bytes, (size_t)length);
  return result;
}

static Operation *append(File *file) {
  if (file->operation_count == file->operation_capacity) {
    file->operation_capacity = file->operation_capacity ? file->operation_capacity * 2 : 16;
    file->operations =
        realloc(file->operations, (size_t)file->operation_capacity * sizeof(Operation));
  }
  Operation *operation = &file->operations[file->operation_count++];
  memset(operation, 0, sizeof *operation);
  operation->old_size = file->size;
  return operation;
}

static void undo(File *file, const Operation *operation) {
  if (operation->length < 0) {
    resize(file, operation->old_size);
    if (operation->old_length)
      memcpy(file->data + operation->offset, operation->old_bytes, (size_t)operation->old_length);
  } else {
    if (operation->old_length)
      memcpy(file->data + operation->offset, operation->old_bytes, (size_t)operation->old_length);
    resize(file, operation->old_size);
  }
}

/// Does an operation again; `sectors`: the bits of those that survive, all for ~0.
static void redo(File *file, const Operation *operation, uint64_t sectors) {
  if (operation->length < 0) {
    resize(file, operation->new_size);
    return;
  }
  if (sectors == ~(uint64_t)0) {
    write_bytes(file, operation->new_bytes, operation->offset, operation->length);
    return;
  }
  for (sqlite3_int64 start = 0; start < operation->length;) {
    sqlite3_int64 end = (operation->offset + start) / SECTOR * SECTOR + SECTOR - operation->offset;
    if (end > operation->length) end = operation->length;
    if (mix(sectors ^ (uint64_t)start) & 1)
      write_bytes(file, operation->new_bytes + start, operation->offset + start, end - start);
    start = end;
  }
}

// MARK: operations

static int is_useless(Handle *handle) {
  return handle->world != world || handle->generation != node_at(handle->node)->generation
      || node_at(handle->node)->is_off;
}

/// Counts a changing operation; nonzero when the power is off now.
static int count_change(Node *node) {
  node->counters.operations++;
  if (node->cut_in && --node->cut_in == 0) node->is_off = 1;
  return node->is_off;
}

static int fails(Node *node, int index, uint32_t per_million) {
  if (node->is_paused) return 0;
  if (node->stuck || happens(node, index, per_million)) {
    if (node->faults.sticky) node->stuck = 1;
    node->counters.io_errors++;
    return 1;
  }
  return 0;
}

static int x_close(sqlite3_file *base) {
  Handle *handle = (Handle *)base;
  int is_current = handle->world == world;
  if (handle->shm) {
    if (is_current)
      for (int i = 0; i < SHM_LOCKS; i++) {
        if (handle->shm_exclusive >> i & 1) handle->shm->exclusive[i] = 0;
        if (handle->shm_shared >> i & 1) handle->shm->shared[i]--;
      }
    release_shm(handle->shm);
    handle->shm = 0;
  }
  File *file = handle->file;
  if (!file) return SQLITE_OK;
  if (handle->is_temporary) {
    free_file(file);
  } else if (is_current && handle->generation == node_at(handle->node)->generation) {
    file->handles--;
    if (handle->level >= SQLITE_LOCK_SHARED) file->shared_locks--;
    if (file->reserved == handle) file->reserved = 0;
    if (file->exclusive == handle) file->exclusive = 0;
  }
  handle->file = 0;
  return SQLITE_OK;
}

static int x_read(sqlite3_file *base, void *buffer, int amount, sqlite3_int64 offset) {
  Handle *handle = (Handle *)base;
  File *file = handle->file;
  if (!handle->is_temporary) {
    if (is_useless(handle)) return SQLITE_IOERR_READ;
    Node *node = node_at(handle->node);
    node->counters.reads++;
    node->cost += node->faults.read_cost;
    if (fails(node, handle->node, node->faults.read_errors)) return SQLITE_IOERR_READ;
  }
  if (offset + amount <= file->size) {
    memcpy(buffer, file->data + offset, (size_t)amount);
    return SQLITE_OK;
  }
  memset(buffer, 0, (size_t)amount);
  if (offset < file->size) memcpy(buffer, file->data + offset, (size_t)(file->size - offset));
  return SQLITE_IOERR_SHORT_READ;
}

static int x_write(sqlite3_file *base, const void *buffer, int amount, sqlite3_int64 offset) {
  Handle *handle = (Handle *)base;
  File *file = handle->file;
  if (handle->is_temporary) {
    write_bytes(file, buffer, offset, amount);
    return SQLITE_OK;
  }
  Node *node = node_at(handle->node);
  if (is_useless(handle) || count_change(node)) return SQLITE_IOERR_WRITE;
  node->cost += node->faults.write_cost;
  if (fails(node, handle->node, node->faults.write_errors)) return SQLITE_IOERR_WRITE;
  if (node->faults.capacity && offset + amount > file->size
      && faultvfs_bytes(handle->node) + (uint64_t)(offset + amount - file->size)
          > node->faults.capacity) {
    node->counters.full_errors++;
    return SQLITE_FULL;
  }
  Operation *operation = append(file);
  operation->offset = offset;
  operation->length = amount;
  if (offset < file->size) {
    operation->old_length = file->size - offset < amount ? file->size - offset : amount;
    operation->old_bytes = copy(file->data + offset, operation->old_length);
  }
  operation->new_bytes = copy(buffer, amount);
  write_bytes(file, buffer, offset, amount);
  operation->new_size = file->size;
  node->counters.writes++;
  node->counters.bytes_written += (uint64_t)amount;
  trace((uint64_t)handle->node << 48 ^ (uint64_t)offset);
  trace_bytes(buffer, amount);
  return SQLITE_OK;
}

static int x_truncate(sqlite3_file *base, sqlite3_int64 size) {
  Handle *handle = (Handle *)base;
  File *file = handle->file;
  if (handle->is_temporary) {
    resize(file, size);
    return SQLITE_OK;
  }
  Node *node = node_at(handle->node);
  if (is_useless(handle) || count_change(node)) return SQLITE_IOERR_TRUNCATE;
  if (fails(node, handle->node, node->faults.other_errors)) return SQLITE_IOERR_TRUNCATE;
  if (size == file->size) return SQLITE_OK;
  Operation *operation = append(file);
  operation->length = -1;
  operation->offset = size;
  if (size < file->size) {
    operation->old_length = file->size - size;
    operation->old_bytes = copy(file->data + size, operation->old_length);
  }
  resize(file, size);
  operation->new_size = size;
  trace((uint64_t)handle->node << 48 ^ (uint64_t)size ^ 1);
  return SQLITE_OK;
}

static int x_sync(sqlite3_file *base, int flags) {
  (void)flags;
  Handle *handle = (Handle *)base;
  File *file = handle->file;
  if (handle->is_temporary) return SQLITE_OK;
  Node *node = node_at(handle->node);
  if (is_useless(handle) || count_change(node)) return SQLITE_IOERR_FSYNC;
  node->counters.syncs++;
  node->cost += node->faults.sync_cost;
  if (file->operation_count && happens(node, handle->node, node->faults.sync_failures)) {
    // The kernel gave up these pages: what was written is gone, and a later sync succeeds.
    node->counters.sync_failures++;
    for (int i = file->operation_count - 1; i >= 0; i--) undo(file, &file->operations[i]);
    forget_operations(file);
    return SQLITE_IOERR_FSYNC;
  }
  forget_operations(file);
  // The first sync of a new journal or log syncs its folder too: deleted files stay deleted.
  if (!file->is_durable)
    for (File *other = node->files; other; other = other->next) other->is_ghost = 0;
  file->is_durable = 1;
  trace((uint64_t)handle->node << 48 ^ 2);
  return SQLITE_OK;
}

static int x_file_size(sqlite3_file *base, sqlite3_int64 *size) {
  Handle *handle = (Handle *)base;
  if (!handle->is_temporary && is_useless(handle)) return SQLITE_IOERR_FSTAT;
  *size = handle->file->size;
  return SQLITE_OK;
}

// MARK: locks

static int x_lock(sqlite3_file *base, int level) {
  Handle *handle = (Handle *)base;
  File *file = handle->file;
  if (handle->is_temporary) return SQLITE_OK;
  if (is_useless(handle)) return SQLITE_IOERR_LOCK;
  Node *node = node_at(handle->node);
  if (fails(node, handle->node, node->faults.other_errors)) return SQLITE_IOERR_LOCK;
  if (level <= handle->level) return SQLITE_OK;
  if (handle->level == SQLITE_LOCK_NONE) {
    if (file->exclusive && file->exclusive != handle) return SQLITE_BUSY;
    file->shared_locks++;
    handle->level = SQLITE_LOCK_SHARED;
  }
  if (level >= SQLITE_LOCK_RESERVED) {
    if (file->reserved && file->reserved != handle) return SQLITE_BUSY;
    file->reserved = handle;
    if (handle->level < SQLITE_LOCK_RESERVED) handle->level = SQLITE_LOCK_RESERVED;
  }
  if (level == SQLITE_LOCK_EXCLUSIVE) {
    file->exclusive = handle;
    if (file->shared_locks > 1) {
      handle->level = SQLITE_LOCK_PENDING;
      return SQLITE_BUSY;
    }
    handle->level = SQLITE_LOCK_EXCLUSIVE;
  }
  return SQLITE_OK;
}

static int x_unlock(sqlite3_file *base, int level) {
  Handle *handle = (Handle *)base;
  File *file = handle->file;
  if (handle->is_temporary) return SQLITE_OK;
  if (handle->world != world || handle->generation != node_at(handle->node)->generation)
    return SQLITE_OK;
  if (level < SQLITE_LOCK_RESERVED) {
    if (file->reserved == handle) file->reserved = 0;
    if (file->exclusive == handle) file->exclusive = 0;
  }
  if (level == SQLITE_LOCK_NONE && handle->level >= SQLITE_LOCK_SHARED) file->shared_locks--;
  if (level < handle->level) handle->level = level;
  return SQLITE_OK;
}

static int x_check_reserved(sqlite3_file *base, int *is_reserved) {
  Handle *handle = (Handle *)base;
  *is_reserved = !handle->is_temporary && !is_useless(handle) && handle->file->reserved != 0;
  return SQLITE_OK;
}

static int x_file_control(sqlite3_file *base, int operation, void *argument) {
  (void)base, (void)operation, (void)argument;
  return SQLITE_NOTFOUND;
}

static int x_sector_size(sqlite3_file *base) {
  Handle *handle = (Handle *)base;
  return node_at(handle->node)->faults.powersafe ? 4096 : SECTOR;
}

static int x_characteristics(sqlite3_file *base) {
  Handle *handle = (Handle *)base;
  return node_at(handle->node)->faults.powersafe ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0;
}

static int x_shm_map(sqlite3_file *base, int index, int size, int extend, void volatile **result) {
  Handle *handle = (Handle *)base;
  *result = 0;
  if (is_useless(handle)) return SQLITE_IOERR_SHMMAP;
  if (!handle->shm) {
    if (!handle->file->shm) handle->file->shm = calloc(1, sizeof(Shm));
    handle->shm = handle->file->shm;
    handle->shm->references++;
  }
  Shm *shm = handle->shm;
  if (index >= shm->region_count) {
    if (!extend) return SQLITE_OK;
    shm->regions = realloc(shm->regions, (size_t)(index + 1) * sizeof(void *));
    while (shm->region_count <= index) shm->regions[shm->region_count++] = calloc(1, (size_t)size);
  }
  *result = shm->regions[index];
  return SQLITE_OK;
}

static int x_shm_lock(sqlite3_file *base, int offset, int count, int flags) {
  Handle *handle = (Handle *)base;
  Shm *shm = handle->shm;
  if (!shm) return SQLITE_IOERR_SHMLOCK;
  uint16_t mask = (uint16_t)(((1u << count) - 1) << offset);
  if (flags & SQLITE_SHM_UNLOCK) {
    for (int i = offset; i < offset + count; i++) {
      if (handle->shm_exclusive >> i & 1) shm->exclusive[i] = 0;
      if (handle->shm_shared >> i & 1) shm->shared[i]--;
    }
    handle->shm_exclusive &= (uint16_t)~mask;
    handle->shm_shared &= (uint16_t)~mask;
    return SQLITE_OK;
  }
  if (is_useless(handle)) return SQLITE_IOERR_SHMLOCK;
  for (int i = offset; i < offset + count; i++) {
    int own = handle->shm_shared >> i & 1;
    if (shm->exclusive[i] && shm->exclusive[i] != handle) return SQLITE_BUSY;
    if (flags & SQLITE_SHM_EXCLUSIVE && shm->shared[i] > own) return SQLITE_BUSY;
  }
  for (int i = offset; i < offset + count; i++) {
    if (flags & SQLITE_SHM_EXCLUSIVE) {
      shm->exclusive[i] = handle;
    } else if (!(handle->shm_shared >> i & 1)) {
      shm->shared[i]++;
    }
  }
  if (flags & SQLITE_SHM_EXCLUSIVE) handle->shm_exclusive |= mask;
  else handle->shm_shared |= mask;
  return SQLITE_OK;
}

static void x_shm_barrier(sqlite3_file *base) { (void)base; }

static int x_shm_unmap(sqlite3_file *base, int delete) {
  Handle *handle = (Handle *)base;
  if (!handle->shm) return SQLITE_OK;
  int is_current =
      handle->world == world && handle->generation == node_at(handle->node)->generation;
  if (is_current && handle->file->shm == handle->shm && (delete || handle->shm->references == 1))
    handle->file->shm = 0;
  release_shm(handle->shm);
  handle->shm = 0;
  handle->shm_shared = handle->shm_exclusive = 0;
  return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = x_close,
    .xRead = x_read,
    .xWrite = x_write,
    .xTruncate = x_truncate,
    .xSync = x_sync,
    .xFileSize = x_file_size,
    .xLock = x_lock,
    .xUnlock = x_unlock,
    .xCheckReservedLock = x_check_reserved,
    .xFileControl = x_file_control,
    .xSectorSize = x_sector_size,
    .xDeviceCharacteristics = x_characteristics,
    .xShmMap = x_shm_map,
    .xShmLock = x_shm_lock,
    .xShmBarrier = x_shm_barrier,
    .xShmUnmap = x_shm_unmap,
};

// MARK: the VFS

static int v_open(
    sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *out_flags) {
  (void)vfs;
  Handle *handle = (Handle *)base;
  memset(handle, 0, sizeof *handle);
  int index = node_of(path);
  Node *node = node_at(index);
  if (path) {
    if (node->is_off) return SQLITE_CANTOPEN;
    if (fails(node, index, node->faults.other_errors)) return SQLITE_CANTOPEN;
  }
  File *file = path ? find(index, path) : 0;
  if (!file || !file->exists) {
    if (!(flags & SQLITE_OPEN_CREATE) && path) return SQLITE_CANTOPEN;
    if (path && count_change(node)) return SQLITE_CANTOPEN;
    if (!file) file = make(index, path);
    forget_operations(file);
    file->size = 0;
    file->exists = 1;
    file->is_ghost = file->is_durable = 0;
    trace((uint64_t)index << 48 ^ 3);
  }
  handle->base.pMethods = &methods;
  handle->file = file;
  handle->is_temporary = file->is_temporary;
  handle->node = index;
  handle->generation = node->generation;
  handle->world = world;
  file->handles++;
  if (out_flags) *out_flags = flags;
  return SQLITE_OK;
}

static int v_delete(sqlite3_vfs *vfs, const char *path, int sync_folder) {
  (void)vfs;
  int index = node_of(path);
  Node *node = node_at(index);
  if (node->is_off) return SQLITE_IOERR_DELETE;
  File *file = find(index, path);
  if (!file || !file->exists) return SQLITE_IOERR_DELETE_NOENT;
  if (count_change(node)) return SQLITE_IOERR_DELETE;
  if (fails(node, index, node->faults.other_errors)) return SQLITE_IOERR_DELETE;
  file->exists = 0;
  file->is_ghost = !sync_folder && file->is_durable;
  trace((uint64_t)index << 48 ^ 4);
  return SQLITE_OK;
}

static int v_access(sqlite3_vfs *vfs, const char *path, int flags, int *result) {
  (void)vfs, (void)flags;
  *result = faultvfs_exists(path);
  return SQLITE_OK;
}

static int v_full_path(sqlite3_vfs *vfs, const char *path, int size, char *result) {
  (void)vfs;
  if ((int)strlen(path) >= size) return SQLITE_CANTOPEN;
  strcpy(result, path);
  return SQLITE_OK;
}

static int v_randomness(sqlite3_vfs *vfs, int size, char *bytes) {
  (void)vfs;
  for (int i = 0; i < size; i++) {
    random_state = mix(random_state);
    bytes[i] = (char)random_state;
  }
  return size;
}

static int v_sleep(sqlite3_vfs *vfs, int microseconds) {
  (void)vfs;
  return microseconds;
}

static int v_time(sqlite3_vfs *vfs, sqlite3_int64 *julian) {
  (void)vfs;
  *julian = 210866760000000 + (sqlite3_int64)time_milliseconds;
  return SQLITE_OK;
}

static int v_old_time(sqlite3_vfs *vfs, double *julian) {
  sqlite3_int64 time;
  v_time(vfs, &time);
  *julian = (double)time / 86400000.0;
  return SQLITE_OK;
}

static int v_last_error(sqlite3_vfs *vfs, int size, char *text) {
  (void)vfs;
  if (size > 0) text[0] = 0;
  return 0;
}

int faultvfs_register(void) {
  static sqlite3_vfs vfs = {
      .iVersion = 2,
      .szOsFile = sizeof(Handle),
      .mxPathname = PATH_LIMIT - 1,
      .zName = "fault",
      .xOpen = v_open,
      .xDelete = v_delete,
      .xAccess = v_access,
      .xFullPathname = v_full_path,
      .xRandomness = v_randomness,
      .xSleep = v_sleep,
      .xCurrentTime = v_old_time,
      .xGetLastError = v_last_error,
      .xCurrentTimeInt64 = v_time,
  };
  return sqlite3_vfs_register(&vfs, 1);
}

// MARK: disks

void faultvfs_erase(int index) {
  Node *node = node_at(index);
  File *file = node->files;
  while (file) {
    File *next = file->next;
    free_file(file);
    file = next;
  }
  node->files = 0;
  node->generation++;
  node->is_off = node->stuck = 0;
  node->cut_in = 0;
}

void faultvfs_reset(uint64_t seed) {
  for (int i = 0; i < FIRST_TEMPLATE; i++) {
    if (!nodes[i]) continue;
    faultvfs_erase(i);
    free(nodes[i]);
    nodes[i] = 0;
  }
  world++;
  random_state = mix(seed);
  trace_state = 0;
  time_milliseconds = 0;
  sqlite3_randomness(0, 0);
}

void faultvfs_set_time(uint64_t milliseconds) { time_milliseconds = milliseconds; }

void faultvfs_set_faults(int index, const faultvfs_faults *faults) {
  Node *node = node_at(index);
  node->faults = *faults;
  node->stuck = 0;
}

faultvfs_counters faultvfs_get_counters(int index) { return node_at(index)->counters; }

void faultvfs_cut_after(int index, uint64_t operations) { node_at(index)->cut_in = operations; }

int faultvfs_is_off(int index) { return node_at(index)->is_off; }

/// What is left of one file's operations since its last sync.
static void lose(Node *node, File *file, faultvfs_loss loss, uint64_t seed) {
  int count = file->operation_count;
  for (int i = count - 1; i >= 0; i--) undo(file, &file->operations[i]);
  int kept = loss == FAULTVFS_PREFIX && count ? (int)(mix(seed) % (uint64_t)(count + 1)) : 0;
  for (int i = 0; i < count; i++) {
    uint64_t fate = mix(seed ^ (uint64_t)(i + 1) << 20), sectors = 0;
    if (loss == FAULTVFS_PREFIX) {
      sectors = i < kept ? ~(uint64_t)0 : i == kept && fate & 1 ? fate >> 1 | 1 : 0;
    } else if (loss == FAULTVFS_ANY_SUBSET) {
      sectors = fate & 1 ? ~(uint64_t)0 : fate & 2 ? fate >> 2 | 1 : 0;
    }
    if (file->operations[i].length < 0 && sectors != ~(uint64_t)0) sectors = 0;
    if (sectors) redo(file, &file->operations[i], sectors);
    if (!sectors) node->counters.lost_operations++;
    else if (sectors != ~(uint64_t)0) node->counters.torn_operations++;
  }
  forget_operations(file);
}

void faultvfs_cut(int index, faultvfs_loss loss, uint64_t seed) {
  Node *node = node_at(index);
  node->generation++;
  node->is_off = node->stuck = 0;
  node->cut_in = 0;
  node->counters.crashes++;
  int number = 0;
  for (File *file = node->files; file; file = file->next, number++) {
    file->handles = file->shared_locks = 0;
    file->reserved = file->exclusive = 0;
    if (file->shm && file->shm->references == 0) {
      file->shm->references = 1;
      release_shm(file->shm);
    }
    file->shm = 0;
    if (loss == FAULTVFS_KEEP_ALL) continue;
    uint64_t key = mix(seed ^ (uint64_t)(number + 1) << 8);
    if (file->exists) {
      lose(node, file, loss, key);
      if (!file->is_durable && (loss == FAULTVFS_KEEP_NONE || mix(key) & 1)) {
        file->exists = 0;
        node->counters.vanished_files++;
      }
      file->is_durable = file->exists;
    } else if (file->is_ghost && mix(key) & 1) {
      file->exists = 1;
      lose(node, file, FAULTVFS_KEEP_NONE, key);
      node->counters.returned_files++;
    }
    file->is_ghost = 0;
  }
  trace((uint64_t)index << 48 ^ 5);
}

uint64_t faultvfs_unsynced(int index) {
  uint64_t count = 0;
  for (File *file = node_at(index)->files; file; file = file->next)
    if (file->exists) count += (uint64_t)file->operation_count;
  return count;
}

const char *faultvfs_unsynced_file(int index) {
  for (File *file = node_at(index)->files; file; file = file->next)
    if (file->exists && file->operation_count) return file->path;
  return "";
}

uint64_t faultvfs_take_cost(int index) {
  uint64_t cost = node_at(index)->cost;
  node_at(index)->cost = 0;
  return cost;
}

void faultvfs_copy(int from, int to) {
  faultvfs_erase(to);
  for (File *file = node_at(from)->files; file; file = file->next) {
    const char *name = strchr(file->path + 1, '/');
    if (!name || !file->exists) continue;
    char path[PATH_LIMIT];
    sqlite3_snprintf(PATH_LIMIT, path, "/%d%s", to, name);
    File *twin = make(to, path);
    twin->exists = 1;
    twin->is_durable = file->is_durable;
    if (file->size) write_bytes(twin, file->data, 0, file->size);
    for (int i = 0; i < file->operation_count; i++) {
      Operation *operation = append(twin);
      *operation = file->operations[i];
      operation->old_bytes = copy(file->operations[i].old_bytes, operation->old_length);
      operation->new_bytes = copy(file->operations[i].new_bytes, operation->length);
    }
  }
}

int faultvfs_exists(const char *path) {
  File *file = find(node_of(path), path);
  return file && file->exists;
}

uint64_t faultvfs_bytes(int index) {
  uint64_t count = 0;
  for (File *file = node_at(index)->files; file; file = file->next)
    if (file->exists) count += (uint64_t)file->size;
  return count;
}

int faultvfs_contains(int index, const uint8_t *bytes, uint64_t count) {
  if (!count) return 0;
  for (File *file = node_at(index)->files; file; file = file->next)
    if (file->exists && memmem(file->data, (size_t)file->size, bytes, (size_t)count)) return 1;
  return 0;
}

int faultvfs_step(int index) {
  Node *node = node_at(index);
  return node->is_off || count_change(node);
}

void faultvfs_pause(int index, int is_paused) { node_at(index)->is_paused = is_paused; }

static int ends_in(const File *file, const char *suffix) {
  size_t length = strlen(file->path), end = strlen(suffix);
  return file->exists && length >= end && !strcmp(file->path + length - end, suffix);
}

int faultvfs_flip(int index, const char *suffix, uint64_t seed, uint32_t bits) {
  uint64_t total = 0;
  for (File *file = node_at(index)->files; file; file = file->next)
    if (ends_in(file, suffix)) total += (uint64_t)file->size;
  for (uint32_t i = 0; total && i < bits; i++) {
    uint64_t place = mix(seed + i) % total;
    for (File *file = node_at(index)->files; file; file = file->next) {
      if (!ends_in(file, suffix)) continue;
      if (place < (uint64_t)file->size) {
        file->data[place] ^= (uint8_t)(1u << (mix(seed ^ place) & 7));
        trace((uint64_t)index << 48 ^ place ^ 4);
        break;
      }
      place -= (uint64_t)file->size;
    }
  }
  return total > 0;
}

uint64_t faultvfs_trace(void) { return trace_state; }
