#ifndef CFAULTVFS_H
#define CFAULTVFS_H

#include <stdint.h>

/// An SQLite VFS in memory that loses, tears, delays and fails, and computes what is left after a power
/// cut. Paths are `/<node>/<name>`: each node has a disk of its own. One thread only. Everything is a
/// function of the seeds given: no clock, no chance, no file of the machine.

/// What goes wrong on one node's disk. Rates are per million operations and drawn by hashing
/// (seed, node, operation number), so that a rate changed on one node changes nothing on another.
typedef struct {
  uint64_t seed;
  /// xSync returns an error and drops what was not synced yet.
  uint32_t sync_failures;
  uint32_t read_errors;
  uint32_t write_errors;
  /// Open, delete, truncate, lock.
  uint32_t other_errors;
  /// An error once given stays until the faults are set again.
  int32_t sticky;
  /// Bytes that the disk holds; 0 for no bound.
  uint64_t capacity;
  /// Virtual cost of one operation, nanoseconds.
  uint64_t read_cost, write_cost, sync_cost;
  /// SQLITE_IOCAP_POWERSAFE_OVERWRITE is claimed, and kept.
  int32_t powersafe;
} faultvfs_faults;

/// What happened on one disk since the node came to be.
typedef struct {
  uint64_t operations, reads, writes, syncs, bytes_written;
  uint64_t sync_failures, io_errors, full_errors;
  uint64_t crashes, lost_operations, torn_operations, vanished_files, returned_files;
} faultvfs_counters;

/// How a power cut treats what was not synced.
typedef enum {
  /// Nothing is lost: the process died, not the machine.
  FAULTVFS_KEEP_ALL = 0,
  /// Per file a prefix survives; the operation after it may be torn by sector.
  FAULTVFS_PREFIX = 1,
  /// Per file any subset survives, each operation maybe torn by sector.
  FAULTVFS_ANY_SUBSET = 2,
  /// Nothing that was not synced survives.
  FAULTVFS_KEEP_NONE = 3,
} faultvfs_loss;

/// Registers the VFS as the default one of this process, once. Returns an SQLite result code.
int faultvfs_register(void);

/// Forgets all disks below 60,000 and begins anew; open connections become useless. `seed` feeds xRandomness.
/// Disks from 60,000 to 65,535 are templates, which outlive worlds.
void faultvfs_reset(uint64_t seed);

/// The time that xCurrentTime tells, milliseconds since 1970.
void faultvfs_set_time(uint64_t milliseconds);

void faultvfs_set_faults(int node, const faultvfs_faults *faults);
faultvfs_counters faultvfs_get_counters(int node);

/// The power goes at the `operations`-th changing operation from now: it and all later ones fail without
/// effect, until `faultvfs_cut`. 0 takes it back.
void faultvfs_cut_after(int node, uint64_t operations);
/// Whether the power went by `faultvfs_cut_after`.
int faultvfs_is_off(int node);

/// Ends all connections of a node as a kill or a power cut does. What they do later has no effect.
void faultvfs_cut(int node, faultvfs_loss loss, uint64_t seed);

/// Operations that a power cut now might lose.
uint64_t faultvfs_unsynced(int node);
/// The first file with such operations; "" when there is none.
const char *faultvfs_unsynced_file(int node);

/// Virtual cost since the last call, nanoseconds.
uint64_t faultvfs_take_cost(int node);

/// Replaces the disk of `to` by a copy of that of `from`, what is not synced included.
void faultvfs_copy(int from, int to);
/// Forgets a disk.
void faultvfs_erase(int node);
/// Whether a file is there.
int faultvfs_exists(const char *path);
/// Bytes of all files of a node.
uint64_t faultvfs_bytes(int node);
/// Whether some file of a node contains these bytes.
int faultvfs_contains(int node, const uint8_t *bytes, uint64_t count);

/// Counts one changing operation on a file that is not SQLite's; nonzero when the power is off.
int faultvfs_step(int node);
/// Whether operations of a node fail by chance or not (1) for now: checkers read what is there.
void faultvfs_pause(int node, int is_paused);
/// Flips bits anywhere in the files of a node whose names end in `suffix`, "" for all. Returns 0 when there is none.
int faultvfs_flip(int node, const char *suffix, uint64_t seed, uint32_t bits);

/// A hash of every changing operation of all nodes so far, contents included.
uint64_t faultvfs_trace(void);

#endif
