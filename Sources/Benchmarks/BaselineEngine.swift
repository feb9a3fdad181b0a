import CSessionBench
import Changes

/// Plain SQLite or the session extension, in C, as an engine.
package final class BaselineEngine: BenchEngine {
  /// Which baseline.
  package enum Kind: String, Hashable, Sendable {
    /// Prepared statements; no change is tracked.
    case raw
    /// SQLite's session extension: changes in memory, no versions.
    case session
  }

  package let name: String
  private let workload: OpaquePointer
  private let engine: OpaquePointer

  /// The phases of `BenchPhase.core`, with files in an existing folder.
  package convenience init(
    _ kind: Kind, _ workload: CoreWorkload, folder: String, durability: Durability
  ) throws(BenchError) {
    let handle = try Self.handle(workload.rows)
    csb_workload_set_core(handle, Int32(workload.first), Int32(workload.later))
    Self.set(handle, CSB_UPDATES, workload.updates)
    Self.set(handle, CSB_MIXED, workload.mixed)
    Self.set(handle, CSB_REMOTE, workload.remote)
    Self.set(handle, CSB_SINGLE, workload.single)
    try self.init(kind, handle, folder, durability)
  }

  /// The phases of `BenchPhase.hub`, with files in an existing folder.
  package convenience init(
    _ kind: Kind, _ workload: HubWorkload, folder: String, durability: Durability
  ) throws(BenchError) {
    let handle = try Self.handle(workload.rows)
    csb_workload_set_hub(
      handle, Int32(workload.children), Int32(HubWorkload.base), Int32(workload.half),
      Int32(workload.half))
    Self.set(handle, CSB_MIXED, (0..<workload.children).flatMap(workload.updates(of:)))
    try self.init(kind, handle, folder, durability)
  }

  private init(
    _ kind: Kind, _ workload: OpaquePointer, _ folder: String, _ durability: Durability
  ) throws(BenchError) {
    let engine = csb_engine_create(
      kind == .raw ? CSB_RAW : CSB_SESSION, workload, folder, durability == .full ? 1 : 0)
    guard let engine else {
      csb_workload_destroy(workload)
      throw .size(reason: "out of memory")
    }
    name = kind.rawValue
    (self.workload, self.engine) = (workload, engine)
  }

  deinit {
    csb_engine_destroy(engine)
    csb_workload_destroy(workload)
  }

  package func run(_ phase: BenchPhase) throws(BenchError) -> PhaseResult? {
    var measure = csb_measure()
    guard csb_engine_run(engine, Self.code(phase), &measure) == 0 else { throw failure(phase) }
    return PhaseResult(
      engine: name, phase: phase, rows: Int(measure.rows),
      wall: measure.wall + measure.deflate_wall, cpu: measure.cpu + measure.deflate_cpu,
      bytes: Int(measure.bytes), wireBytes: Int(measure.deflated))
  }

  /// Which of an engine's databases.
  package enum Database: Int32, Sendable {
    case writer = 0
    case receiver = 1
    case hub = 2
  }

  /// A sum over the rows of a database, the same for equal rows in any order.
  package func sum(of database: Database) throws(BenchError) -> Int64 {
    var sum: Int64 = 0
    guard csb_engine_sum(engine, database.rawValue, &sum) == 0 else { throw failure(.fileSize) }
    return sum
  }

  private func failure(_ phase: BenchPhase) -> BenchError {
    .engine(name: name, phase: phase, reason: String(cString: csb_engine_error(engine)))
  }

  private static func handle(_ rows: CellTable) throws(BenchError) -> OpaquePointer {
    guard let handle = csb_workload_create() else { throw .size(reason: "out of memory") }
    rows.bytes.withUnsafeBufferPointer { arena in
      for cell in rows.cells {
        switch cell.kind {
        case .null: csb_workload_append_null(handle)
        case .integer: csb_workload_append_integer(handle, Int64(bitPattern: cell.word))
        case .text, .blob, .real:
          let start = arena.baseAddress.map { $0 + Int(cell.word) }
          csb_workload_append_text(handle, start, Int32(cell.length))
        }
      }
    }
    return handle
  }

  private static func set(_ handle: OpaquePointer, _ list: csb_list, _ updates: [CompanyUpdate]) {
    let items = updates.map {
      csb_update(row: Int32($0.row), credit: Int32($0.credit), updated_at: $0.updatedAt)
    }
    csb_workload_set_updates(handle, list, items, Int32(items.count))
  }

  private static func code(_ phase: BenchPhase) -> csb_phase {
    switch phase {
    case .insert: CSB_INSERT
    case .encodeInserts: CSB_ENCODE_INSERTS
    case .applyInserts: CSB_APPLY_INSERTS
    case .update: CSB_UPDATE
    case .encodeUpdates: CSB_ENCODE_UPDATES
    case .applyUpdates: CSB_APPLY_UPDATES
    case .encodeMix: CSB_ENCODE_MIX
    case .applyMix: CSB_APPLY_MIX
    case .singleTransactions: CSB_SINGLE_TRANSACTIONS
    case .noDifference: CSB_NO_DIFFERENCE
    case .encodeOne: CSB_ENCODE_ONE
    case .applyOne: CSB_APPLY_ONE
    case .fileSize: CSB_FILE_SIZE
    case .hubEncode: CSB_HUB_ENCODE
    case .hubApply: CSB_HUB_APPLY
    }
  }
}
