import Casework
import Causality
import Changes
import Store
import Terminal

/// The table at the end of the demo: one line per node.
enum DemoTable {
  static func text(_ demo: Demo) throws -> String {
    var table = TextTable([
      .init("node"), .init("name"), .init("rows", .right), .init("sets in", .right),
      .init("out", .right), .init("bytes in", .right), .init("out", .right),
      .init("ratio", .right), .init("conflicts", .right), .init("memory", .right),
      .init("digest"),
    ])
    let shown = demo.nodes.count <= 20 ? demo.nodes : Array(demo.nodes.prefix(20))
    for node in shown {
      let replica = try demo.read(node)
      let peers = try replica.peers()
      let (bytesIn, bytesOut) = peers.reduce((UInt64(0), UInt64(0))) {
        ($0.0 + $1.bytesIn, $0.1 + $1.bytesOut)
      }
      let own = StreamID(scope: node.scope)
      let text = try CaseworkSchema.current.tables.reduce(0) {
        try $0 + replica.textBytes(of: $1.id)
      }
      table.append([
        node.scope.description, node.division.name, Quantity.count(try replica.rowCount()),
        Quantity.count(Int(peers.reduce(0) { $0 + $1.changeSetsIn })),
        Quantity.count(Int(peers.reduce(0) { $0 + $1.changeSetsOut })),
        Quantity.bytes(bytesIn), Quantity.bytes(bytesOut),
        // Its rows as text to what carried them here or from here.
        Quantity.ratio(text, max(bytesIn, bytesOut)),
        Quantity.count(try replica.conflicts().count),
        node.peakMemory.map(Quantity.bytes) ?? "—",
        String(Quantity.hexadecimal(try replica.digest(of: own)).prefix(8)),
      ])
    }
    var text = table.text
    if shown.count < demo.nodes.count {
      text += "(and \(demo.nodes.count - shown.count) more nodes)\n"
    }
    let counties = demo.counties.compactMap(\.peakMemory).max()
    let hubs = demo.nodes.filter { $0.division.level != .county }.compactMap(\.peakMemory).max()
    if let counties, let hubs {
      text +=
        "Most memory of one process: county \(Quantity.bytes(counties)), hub \(Quantity.bytes(hubs))\n"
    }
    return text
  }
}
