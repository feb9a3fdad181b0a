import ArgumentParser
import Casework
import Changes
import Foundation
import Store
import Terminal
import Wire

/// `tributary frames`: what went over a link or into a file.
struct FramesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "frames",
    abstract: "Read what is carried: bodies of exchanges and bundles.",
    subcommands: [Dump.self])

  /// `tributary frames dump`.
  struct Dump: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a bundle or a stream of frames as text, one change per line.",
      discussion: """
        For debugging and auditors; the form may change. Damaged input is printed up to the damage; then
        the status is 65 and the standard error tells where it is. Signatures are not checked.
        """)

    @Argument(help: "The file; - reads the standard input.", completion: .file())
    var file: String

    @Option(
      help: "A node whose tables give the names; otherwise the roster's.", completion: .directory)
    var folder: String?

    @Flag(help: "Print numbers instead of the names of tables and columns.")
    var ids = false

    func run() throws {
      var dump = FrameDump(
        style: Wire.Dump.Style(schema: ids ? nil : try schema()) {
          TimeText.rfc3339(milliseconds: $0)
        })
      try FileAccess.forEachPiece(of: file) { bytes throws(Problem) in
        try dump.take(bytes)
      }
      try dump.finish()
      guard let damage = dump.damage else { return }
      throw Problem(
        "the input is damaged", on: file,
        because: "at byte \(damage.offset): \(damage.reason)",
        next: ["What stands before it was printed; copy or export the file again."],
        status: .data)
    }

    private func schema() throws -> Schema? {
      guard let folder else {
        // The program's own tables are valid; without them there are numbers.
        return try? Schema(
          version: CaseworkSchema.version, tables: [Registry.table] + CaseworkSchema.current.tables)
      }
      let divisions = try NodeFolder.divisions()
      return try Problem.fromStore("cannot read the tables", on: folder) {
        () throws(StoreError) in
        try Replica.openReadOnly(
          folder: ReplicaFolder(folder), tree: divisions.scopes, schema: CaseworkSchema.current
        ).schema
      }
    }
  }
}

/// Prints messages as they come; keeps at most one large change set that comes in parts.
private struct FrameDump {
  private enum Form { case unknown, frames, bundle }

  private let style: Dump.Style
  private var form = Form.unknown
  /// The first bytes, until they tell what it is.
  private var beginning: [UInt8] = []
  private var decoder = FrameDecoder()
  private var reader = BundleReader()
  private var parts: [UInt8] = []
  private var partCount: UInt32 = 0
  private(set) var damage: (offset: UInt64, reason: String)?

  init(style: Dump.Style) { self.style = style }

  mutating func take(_ bytes: [UInt8]) throws(Problem) {
    guard damage == nil else { return }
    switch form {
    case .unknown:
      beginning += bytes
      guard beginning.count >= BundleWriter.magic.count else { return }
      try begin()
    case .frames: decoder.append(bytes)
    case .bundle: reader.append(bytes)
    }
    try drain()
  }

  /// At the end of the input.
  mutating func finish() throws(Problem) {
    if form == .unknown {
      guard !beginning.isEmpty else {
        damage = (0, "it is empty")
        return
      }
      try begin()
      try drain()
    }
    guard damage == nil else { return }
    if form == .bundle {
      do throws(WireError) { try reader.finish() } catch {
        damage = (reader.offset, error.text)
      }
    } else if decoder.pendingByteCount > 0 {
      damage = (decoder.offset, "\(decoder.pendingByteCount) bytes of an incomplete frame")
    }
  }

  private mutating func begin() throws(Problem) {
    form = beginning.starts(with: BundleWriter.magic) ? .bundle : .frames
    if form == .bundle { reader.append(beginning) } else { decoder.append(beginning) }
    beginning = []
  }

  private mutating func drain() throws(Problem) {
    while let lines = nextLines() {
      try StandardStream.output.write(lines.map { $0 + "\n" }.joined())
    }
  }

  /// The lines of the next message; nil when more bytes are needed and after damage.
  private mutating func nextLines() -> [String]? {
    guard damage == nil else { return nil }
    let start = form == .bundle ? reader.offset : decoder.offset
    do throws(WireError) {
      let next = form == .bundle ? try reader.next() : try decoder.next()
      guard let message = next else { return nil }
      let lines = try Dump.lines(of: message, style)
      guard case .part(let part) = message else { return lines }
      return lines + (try whole(part))
    } catch {
      damage = (start, error.text)
      return nil
    }
  }

  /// The lines of a large change set, once its parts came one after another.
  private mutating func whole(_ part: PartMessage) throws(WireError) -> [String] {
    if part.index == 0 { (parts, partCount) = ([], 0) }
    guard part.index == partCount, parts.count + part.bytes.count <= Limits.changeSetBytes + 1 << 20
    else { return [] }
    parts += part.bytes
    partCount += 1
    guard partCount == part.count else { return [] }
    defer { (parts, partCount) = ([], 0) }
    return try Dump.lines(of: .changes(try MessageCodec.decodeChanges(parts[...])), style)
  }
}
