import Causality
import Changes
import Crypto

extension StoreModel {
  /// The id of a conflict (Protocol/4-Merge §7).
  static func name(_ row: Row, _ group: GroupID, _ origins: [Dot]) -> String {
    var bytes = Array("tributary/conflict/1".utf8) + [0]
    func append(_ number: UInt64, _ width: Int) {
      bytes += (0..<width).reversed().map { UInt8(truncatingIfNeeded: number >> UInt64($0 * 8)) }
    }
    let key = RowKey(row.key)?.bytes ?? []
    for number in [row.table.number, row.scope.code, UInt32(key.count)] {
      append(UInt64(number), 4)
    }
    bytes += key
    append(UInt64(group.number), 4)
    append(UInt64(origins.count), 4)
    for dot in origins {
      append(UInt64(dot.stream.packed), 4)
      append(dot.replica.packed, 8)
      append(dot.number, 8)
    }
    return SHA256.hash(data: bytes).prefix(16).map {
      ($0 < 16 ? "0" : "") + String($0, radix: 16)
    }.joined()
  }
}
