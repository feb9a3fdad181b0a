internal import Causality
internal import Changes
internal import Store

extension Replica {
  /// The earliest write that a live row lives by, with its time by the writer's clock; nil when there is no such
  /// row. Throws `store`.
  func firstWritten(
    _ table: TableID, _ key: [Value], in scope: Scope
  ) throws(CaseworkError) -> (dot: StreamDot, at: UInt64)? {
    do throws(StoreError) {
      let row = try row(table, scope: scope, key: key)
      var first: (dot: StreamDot, at: UInt64)?
      for dot in row?.form.seen.first(where: { $0.group == .existence })?.dots ?? [] {
        let full = Dot(stream: StreamID(scope: scope), replica: dot.replica, number: dot.number)
        guard let at = try writtenMilliseconds(full) else { continue }
        if first.map({ at < $0.at }) ?? true { first = (dot, at) }
      }
      return first
    } catch {
      throw .store(error)
    }
  }
}
