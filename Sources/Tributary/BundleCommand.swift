import ArgumentParser
import Casework
import Causality
import Changes
import Node
import Store
import Terminal
import Transport
import Wire

/// `tributary bundle`: exchange by files that are carried by hand.
struct BundleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bundle",
    abstract: "Exchange by files on a stick, where there is no link.",
    discussion: """
      A bundle holds what another node lacks, sealed by the node that made it. Importing it gives an
      acknowledgement bundle to carry back, so that the next bundle holds only what is new. Bundles may
      overlap, come twice, late or beside a link: nothing is lost and nothing is taken twice.
      """,
    subcommands: [Export.self, BundleImportCommand.self, Show.self])

  /// `tributary bundle export`.
  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write one file with what another node lacks.",
      discussion: """
        The other node is above or below this one. Only streams that it holds by right go in. The server
        may run. The file appears under its name when it is whole and on the disk.
        """)

    @OptionGroup var node: NodeFolder

    @Option(help: "The node that it is for: code, e.g. 530100 or 530100.2, or full name.")
    var to: String

    @Option(
      help: "The file; otherwise FROM-to-TO-TIME.bundle in the current folder.",
      completion: .file())
    var out: String?

    @Flag(
      exclusivity: .exclusive,
      help: ArgumentHelp(
        "What goes in: all since the last acknowledgement (the default), or all there is."))
    var basis = Basis.sinceAck

    @OptionGroup var options: OutputOptions

    enum Basis: String, EnumerableFlag {
      case sinceAck
      case full
    }

    func run() throws {
      let divisions = try NodeFolder.divisions()
      let target = try BundleCommand.node(to, divisions)
      let report = try node.open().closing { replica in
        let now = Wall.milliseconds
        let path = out ?? Self.name(replica.identity.replica, target, now)
        let result = try Problem.fromBundle(
          "cannot export the bundle", on: out ?? "\(target)", node: node.folder
        ) { () throws(BundleError) in
          try BundleExporter(replica, wallMilliseconds: now).export(
            to: target, basis: basis == .full ? .nothing : .acknowledged, path: path)
        }
        return BundleReport(result, divisions)
      }
      try options.output.show(report) { report.text }
      if report.changeSets == 0 {
        StandardStream.note(
          "\(target) is known to have all there is; the bundle carries acknowledgements only")
      }
    }

    /// `530102-1-to-530100-20261126T081500Z.bundle`.
    private static func name(_ from: ReplicaID, _ to: NodeCode, _ now: UInt64) -> String {
      let time = TimeText.rfc3339(milliseconds: now).prefix(19).filter { $0 != "-" && $0 != ":" }
      return "\(from)-to-\(to)-\(time)Z.bundle"
    }
  }

  /// `tributary bundle show`.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Tell what is in a bundle, for whom, and whether it is whole.",
      discussion: """
        Needs no node; with --folder the signature is checked against the keys that the node knows. What
        was changed is told by `tributary frames dump`. Status 65 for a file that is damaged or whose
        seal is broken.
        """)

    @Argument(help: "The bundle.", completion: .file())
    var file: String

    @Option(help: "The folder of a node that knows the sender.", completion: .directory)
    var folder: String?

    @OptionGroup var options: OutputOptions

    /// The bundle and its seal, for `--json`.
    private struct Report: Encodable {
      let bundle: BundleReport
      let isWhole: Bool
      /// `holds`, `missing`, `broken`, `sender_unknown`, or `unchecked` without --folder.
      let seal: String
      let damage: String?
    }

    func run() throws {
      let divisions = try NodeFolder.divisions()
      let found = try BundleCommand.inspect(file)
      guard let manifest = found.manifest else {
        throw Problem(
          "cannot read the bundle", on: file,
          because: found.damage?.text ?? "it has no manifest",
          next: ["Copy or export it again."], status: .data)
      }
      let seal = try seal(found, manifest.from)
      let counts = manifest.ranges.map { range in
        UInt64(found.contents.first { $0.stream == range.stream }?.changeSets ?? 0)
      }
      let report = Report(
        bundle: BundleReport(
          manifest, file: file, bytes: found.byteCount, frames: found.frameCount,
          isPartial: false, changeSets: counts, divisions),
        isWhole: found.damage == nil && found.hashHolds, seal: seal.name,
        damage: found.damage?.text)
      try options.output.show(report) {
        report.bundle.text + "\nseal             \(seal.text(of: manifest.from))\n"
      }
      guard report.isWhole, seal != .broken else {
        throw Problem(
          "the bundle is damaged", on: file,
          because: report.damage ?? "the seal does not fit the bytes",
          next: [
            "Copy or export it again. Importing it is safe: what can be proved is taken."
          ], status: .data)
      }
    }

    private func seal(
      _ found: BundleInspection, _ from: ReplicaID
    ) throws(Problem) -> SealState {
      guard let seal = found.seal, found.damage == nil else { return .missing }
      guard found.hashHolds else { return .broken }
      guard let folder else { return .unchecked }
      let divisions = try NodeFolder.divisions()
      return try Problem.fromStore("cannot check the seal", on: folder) { () throws(StoreError) in
        let replica = try Replica.openReadOnly(
          folder: ReplicaFolder(folder), tree: divisions.scopes, schema: CaseworkSchema.current)
        if try replica.isSigned(seal.signedBytes, signature: seal.signature, by: from) {
          return .holds
        }
        let isKnown = try replica.registered(from) != nil
        return isKnown || from == replica.identity.anchor.replica ? .broken : .senderUnknown
      }
    }
  }

  /// A node by its code, replica or full name.
  static func node(_ text: String, _ divisions: DivisionTree) throws(Problem) -> NodeCode {
    if let node = NodeCode(text) ?? ReplicaID(text)?.node { return node }
    guard let scope = try ScopeArguments.scopes([text], divisions).first,
      let node = NodeCode(division: scope.code)
    else {
      throw Problem(
        "there is no such node", on: text, next: ["Give its code, e.g. 530102."],
        status: .usage)
    }
    return node
  }

  /// What is in a file.
  static func inspect(_ path: String) throws(Problem) -> BundleInspection {
    do throws(TransportError) { return try BundleInspection(path: path) } catch {
      throw Problem("cannot read the bundle", file: error)
    }
  }
}

/// How far a bundle's sender is proved.
enum SealState {
  case holds, missing, broken, senderUnknown, unchecked

  init(_ seal: BundleImporter.Seal) {
    switch seal {
    case .holds: self = .holds
    case .missing: self = .missing
    case .broken: self = .broken
    case .senderUnknown: self = .senderUnknown
    }
  }

  /// For `--json`.
  var name: String {
    switch self {
    case .holds: "holds"
    case .missing: "missing"
    case .broken: "broken"
    case .senderUnknown: "sender_unknown"
    case .unchecked: "unchecked"
    }
  }

  func text(of replica: ReplicaID) -> String {
    switch self {
    case .holds: "intact, signed by \(replica)"
    case .missing: "missing: the file is not whole"
    case .broken: "broken: it is not \(replica)'s signature of these bytes"
    case .senderUnknown: "intact, but the key of \(replica) is not known here"
    case .unchecked: "intact; give --folder to check the signature"
    }
  }
}
