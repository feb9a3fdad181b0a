import Casework
import Causality
import Changes
import Store
import Terminal

/// What `status` tells, as a value: its JSON form is documented by its names.
struct StatusReport: Encodable {
  struct Stream: Encodable {
    let stream: String
    let division: String
    let rows: Int
    let changeSets: UInt64
    let waitingChangeSets: Int
    let digest: String
    /// How far this node's own change sets have come, as acknowledgements prove; nil where it has none.
    let ownChangeSets: Own?
    /// Last change set known per replica.
    let knowledge: [String: UInt64]
  }

  /// Own change sets, each counted once.
  struct Own: Encodable {
    /// Durable here, and no hub said that it has them.
    let hereOnly: UInt64
    /// At a hub, and nothing says that they are at the top.
    let atHub: UInt64
    let atTop: UInt64
  }

  struct Lag: Encodable {
    let stream: String
    /// Change sets here that the peer had not when it spoke last.
    let lagChangeSets: UInt64
    /// Age of the oldest of them.
    let lagSeconds: UInt64?
    /// Change sets there that are not here.
    let missingChangeSets: UInt64
    let acknowledgedAt: String?
  }

  struct Peer: Encodable {
    let replica: String
    let division: String
    let isParent: Bool
    let address: String?
    let lastContactAt: String?
    let lastContactSeconds: UInt64?
    let lastError: String?
    let clockOffsetMilliseconds: Int64?
    let bytesIn: UInt64
    let bytesOut: UInt64
    let changeSetsIn: UInt64
    let changeSetsOut: UInt64
    let lagChangeSets: UInt64
    let lagSeconds: UInt64?
    let missingChangeSets: UInt64
    let streams: [Lag]
  }

  struct Quarantined: Encodable {
    let id: Int64
    let at: String?
    let kind: String
    let subject: String
    let detail: String
    let suspendsDigests: Bool
  }

  struct Violated: Encodable {
    let table: String
    let rule: String
    let kind: String
    let count: Int
  }

  struct Table: Encodable {
    let table: String
    let rows: Int
  }

  let at: String
  let folder: String
  let replica: String
  let division: String
  let anchor: String
  let stopReason: String?
  let hasUnstampedChanges: Bool
  let registeredReplicas: Int
  let conflicts: Int
  /// The rules that rows here break, and how often.
  let violations: [Violated]
  let tables: [Table]
  let streams: [Stream]
  let peers: [Peer]
  let quarantine: [Quarantined]
}

extension StatusReport {
  /// Reads everything. Cost: follows streams, peers and open conflicts; tables are counted.
  init(_ replica: Replica, _ divisions: DivisionTree, now: UInt64) throws(StoreError) {
    func division(_ scope: Scope) -> String { divisions.division(scope)?.name ?? "\(scope)" }
    at = TimeText.rfc3339(milliseconds: now)
    folder = replica.folder.path
    self.replica = "\(replica.identity.replica)"
    self.division = divisions.fullName(replica.identity.replica.node.scope)
    anchor = replica.identity.anchor.description
    stopReason = replica.stopReason?.description
    hasUnstampedChanges = try replica.hasCaptured()
    registeredReplicas = try replica.registeredReplicas().count
    conflicts = try replica.conflicts().count
    violations = try replica.violationCounts().map { found in
      Violated(
        table: replica.schema.table(found.table)?.name ?? "\(found.table.number)",
        rule: found.rule, kind: found.kind.rawValue, count: found.count)
    }
    var tables: [Table] = []
    for table in replica.schema.tables where table.id != Registry.table.id {
      tables.append(Table(table: table.name, rows: try replica.rowCount(of: table.id)))
    }
    self.tables = tables
    let reaches = try replica.reaches()
    streams = try replica.streamStatuses().map { status in
      let reach = reaches.first { $0.stream == status.stream }
      return Stream(
        stream: "\(status.stream)", division: division(status.stream.scope),
        rows: status.rowCount, changeSets: status.changeSetCount,
        waitingChangeSets: status.parkedCount,
        digest: Quantity.hexadecimal(status.digest, digits: 32),
        ownChangeSets: reach.map {
          Own(hereOnly: $0.hereOnly, atHub: $0.atHub, atTop: $0.atTop)
        },
        knowledge: Dictionary(
          uniqueKeysWithValues: status.known.entries.map { ("\($0.replica)", $0.number) }))
    }
    var peers: [Peer] = []
    for peer in try replica.peers() {
      let lags = try replica.lags(of: peer.replica)
      peers.append(Peer(peer, division(peer.replica.node.scope), lags, now: now))
    }
    self.peers = peers
    quarantine = try replica.quarantineEntries().map { entry in
      Quarantined(
        id: entry.id,
        at: entry.atMilliseconds == 0
          ? nil : TimeText.rfc3339(milliseconds: entry.atMilliseconds), kind: entry.kind,
        subject: entry.subject, detail: entry.detail, suspendsDigests: entry.suspendsDigests)
    }
  }
}

extension StatusReport.Peer {
  fileprivate init(_ peer: PeerRecord, _ division: String, _ lags: [PeerLag], now: UInt64) {
    func seconds(since milliseconds: UInt64) -> UInt64 {
      (now - min(now, milliseconds)) / 1_000
    }
    func time(_ milliseconds: UInt64) -> String { TimeText.rfc3339(milliseconds: milliseconds) }
    replica = "\(peer.replica)"
    self.division = division
    isParent = peer.isParent
    address = peer.address
    lastContactAt = peer.lastContactMilliseconds.map(time)
    lastContactSeconds = peer.lastContactMilliseconds.map(seconds)
    lastError = peer.lastError
    clockOffsetMilliseconds = peer.clockOffsetMilliseconds
    (bytesIn, bytesOut) = (peer.bytesIn, peer.bytesOut)
    (changeSetsIn, changeSetsOut) = (peer.changeSetsIn, peer.changeSetsOut)
    lagChangeSets = lags.reduce(0) { $0 + $1.behind }
    lagSeconds = lags.compactMap(\.behindSinceMilliseconds).min().map(seconds)
    missingChangeSets = lags.reduce(0) { $0 + $1.ahead }
    streams = lags.map { lag in
      StatusReport.Lag(
        stream: "\(lag.stream)", lagChangeSets: lag.behind,
        lagSeconds: lag.behindSinceMilliseconds.map(seconds), missingChangeSets: lag.ahead,
        acknowledgedAt: lag.acknowledgedMilliseconds.map(time))
    }
  }
}

extension StatusReport {
  /// For people: the node, its peers, what lags, its streams, what needs a person.
  var text: String {
    var parts = [headText]
    if !peers.isEmpty { parts.append(peersText) }
    let lagging = lagText
    if !lagging.isEmpty { parts.append(lagging) }
    parts.append(streamsText)
    if !quarantine.isEmpty { parts.append(quarantineText) }
    return parts.joined(separator: "\n")
  }

  private var headText: String {
    var lines = [
      "node        \(division) \(replica)",
      "folder      \(folder)",
      "anchor      \(anchor)",
      "writing     " + (stopReason.map { "stopped: \($0)" } ?? "yes"),
      "rows        "
        + tables.map { "\($0.table) \(Quantity.count($0.rows))" }.joined(separator: ", "),
      "replicas    \(registeredReplicas) admitted",
      "conflicts   \(conflicts) open",
      "violations  "
        + (violations.isEmpty
          ? "none" : violations.map { "\($0.rule) \($0.count)" }.joined(separator: ", ")),
      "quarantine  \(quarantine.count)",
    ]
    if stopReason != nil {
      lines.append(
        "next        make a new node in another folder (init), have it enrolled, let it sync")
    }
    if hasUnstampedChanges {
      lines.append("captured    changes of other programs wait for a stamp")
    }
    return lines.map { $0.visible + "\n" }.joined()
  }

  private var peersText: String {
    var table = TextTable([
      .init("peer"), .init("division"), .init("role"), .init("last contact", .right),
      .init("lag", .right), .init("lag time", .right), .init("missing", .right),
      .init("in", .right), .init("out", .right), .init("clock", .right), .init("last error"),
    ])
    for peer in peers {
      table.append([
        peer.replica, peer.division, peer.isParent ? "parent" : "child",
        peer.lastContactSeconds.map { Quantity.duration(milliseconds: $0 * 1_000) + " ago" }
          ?? "never", "\(peer.lagChangeSets)",
        peer.lagSeconds.map { Quantity.duration(milliseconds: $0 * 1_000) } ?? "–",
        "\(peer.missingChangeSets)", Quantity.bytes(peer.bytesIn), Quantity.bytes(peer.bytesOut),
        peer.clockOffsetMilliseconds.map { "\($0) ms" } ?? "–", peer.lastError ?? "",
      ])
    }
    return table.text
  }

  /// Streams in which a peer is not even; empty when there is none.
  private var lagText: String {
    var table = TextTable([
      .init("peer"), .init("stream"), .init("lag", .right), .init("lag time", .right),
      .init("missing", .right), .init("acknowledged"),
    ])
    var isEmpty = true
    for peer in peers {
      for lag in peer.streams where lag.lagChangeSets + lag.missingChangeSets > 0 {
        isEmpty = false
        table.append([
          peer.replica, lag.stream, "\(lag.lagChangeSets)",
          lag.lagSeconds.map { Quantity.duration(milliseconds: $0 * 1_000) } ?? "–",
          "\(lag.missingChangeSets)", lag.acknowledgedAt ?? "never",
        ])
      }
    }
    return isEmpty ? "" : table.text
  }

  private var streamsText: String {
    var table = TextTable([
      .init("stream"), .init("division"), .init("rows", .right), .init("change sets", .right),
      .init("waiting", .right), .init("own: here only", .right), .init("at hub", .right),
      .init("at top", .right), .init("digest"),
    ])
    for stream in streams where stream.changeSets > 0 || stream.waitingChangeSets > 0 {
      table.append([
        stream.stream, stream.division, Quantity.count(stream.rows), "\(stream.changeSets)",
        "\(stream.waitingChangeSets)", stream.ownChangeSets.map { "\($0.hereOnly)" } ?? "–",
        stream.ownChangeSets.map { "\($0.atHub)" } ?? "–",
        stream.ownChangeSets.map { "\($0.atTop)" } ?? "–", String(stream.digest.prefix(12)),
      ])
    }
    return table.text
  }

  private var quarantineText: String {
    var table = TextTable([.init("quarantine"), .init("kind"), .init("subject"), .init("detail")])
    for entry in quarantine {
      table.append(["\(entry.id)", entry.kind, entry.subject, entry.detail])
    }
    return table.text
  }
}
