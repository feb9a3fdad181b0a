import Casework
import Causality
import Node
import Terminal
import Wire

/// What stands in a bundle, for `--json` and people.
struct BundleReport: Encodable {
  struct Stream: Encodable {
    let stream: String
    let division: String
    /// What the receiver must know before, and up to where the bundle leads: last change set per replica.
    let after: [String: UInt64]
    let upTo: [String: UInt64]
    let changeSets: UInt64
  }

  let file: String
  let from: String
  let fromDivision: String
  /// The node it is for; nil: for whoever holds the streams.
  let to: String?
  let toDivision: String?
  let createdAt: String
  let isAcknowledgement: Bool
  let bytes: Int
  let frames: Int
  let changeSets: UInt64
  /// Something was left for a next bundle, because one has a bound.
  let isPartial: Bool
  let streams: [Stream]

  init(_ result: BundleExporter.Result, _ divisions: DivisionTree) {
    let counts = result.manifest.ranges.map { $0.upTo.count(beyond: $0.after) }
    self.init(
      result.manifest, file: result.path, bytes: result.byteCount,
      frames: Int(result.manifest.frameCount), isPartial: result.isPartial,
      changeSets: counts, divisions)
  }

  init(
    _ manifest: BundleManifest, file: String, bytes: Int, frames: Int, isPartial: Bool,
    changeSets counts: [UInt64], _ divisions: DivisionTree
  ) {
    func numbers(_ vector: VersionVector) -> [String: UInt64] {
      Dictionary(uniqueKeysWithValues: vector.entries.map { ("\($0.replica)", $0.number) })
    }
    func name(_ scope: Scope) -> String { divisions.fullName(scope) }
    self.file = file
    from = "\(manifest.from)"
    fromDivision = name(manifest.from.node.scope)
    to = manifest.to.map { "\($0)" }
    toDivision = manifest.to.map { name($0.scope) }
    createdAt = TimeText.rfc3339(milliseconds: manifest.createdMilliseconds)
    isAcknowledgement = manifest.isAcknowledgement
    (self.bytes, self.frames, self.isPartial) = (bytes, frames, isPartial)
    changeSets = manifest.isAcknowledgement ? 0 : counts.reduce(0, +)
    streams = zip(manifest.ranges, counts).map { range, count in
      Stream(
        stream: "\(range.stream)",
        division: divisions.division(range.stream.scope)?.name ?? "\(range.stream.scope)",
        after: numbers(range.after), upTo: numbers(range.upTo),
        changeSets: manifest.isAcknowledgement ? 0 : count)
    }
  }

  /// `530100 云南省昆明市`.
  var toText: String { to.map { "\($0) \(toDivision ?? "")" } ?? "whoever holds the streams" }

  /// What it is, then a line per stream that has something.
  var text: String {
    var lines = [
      isAcknowledgement ? "acknowledgement  \(file)" : "bundle           \(file)",
      "from             \(from) \(fromDivision)", "for              \(toText)",
      "made             \(createdAt)",
      "size             \(Quantity.bytes(UInt64(bytes))), \(Quantity.count(frames)) frames"
        + (isAcknowledgement ? "" : ", \(Quantity.count(Int(changeSets))) change sets"),
    ]
    if isPartial { lines.append("                 full; export again for the rest") }
    return lines.map { $0.visible + "\n" }.joined() + streamsText
  }

  private var streamsText: String {
    let shown = streams.filter { isAcknowledgement ? !$0.upTo.isEmpty : $0.changeSets > 0 }
    guard !shown.isEmpty else { return "" }
    func vector(_ numbers: [String: UInt64]) -> String {
      numbers.isEmpty
        ? "–"
        : numbers.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }
          .joined(separator: " ")
    }
    if isAcknowledgement {
      var table = TextTable([.init("stream"), .init("division"), .init("known")])
      for stream in shown { table.append([stream.stream, stream.division, vector(stream.upTo)]) }
      return "\n" + table.text
    }
    var table = TextTable([
      .init("stream"), .init("division"), .init("change sets", .right), .init("after"),
      .init("up to"),
    ])
    for stream in shown {
      table.append([
        stream.stream, stream.division, "\(stream.changeSets)", vector(stream.after),
        vector(stream.upTo),
      ])
    }
    return "\n" + table.text
  }
}
