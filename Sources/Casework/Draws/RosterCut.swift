package import Causality
internal import Changes
package import Inspection
internal import Store

/// The causal cut that a roster is frozen at: what was known of the unit's stream and of those above it.
///
/// In a frame's header a stream's replica stands as `530102/both 530102-1`. Source: domain.md §4.6.
package struct RosterCut: Hashable, Sendable {
  package private(set) var known: [StreamID: VersionVector]

  /// What a replica knows now of the streams that a unit's roster and list are read from. `others`: units below
  /// whose rosters are read too.
  init(_ replica: Replica, unit: Scope, and others: [Scope] = []) throws(StoreError) {
    known = [:]
    for unit in [unit] + others {
      for stream in Self.streams(replica, unit: unit) where known[stream] == nil {
        known[stream] = try replica.knowledge(of: stream)
      }
    }
  }

  /// Reads the cut of a frame; nil when an entry names no stream and replica.
  package init?(_ cut: FrameCut) {
    var entries: [StreamID: [VersionVector.Entry]] = [:]
    for entry in cut.entries {
      let parts = entry.node.split(separator: " ")
      guard parts.count == 2,
        let scope = parts[0].split(separator: "/").first.flatMap({
          Scope(String($0))
        }), let replica = ReplicaID(String(parts[1]))
      else { return nil }
      entries[StreamID(scope: scope), default: []].append(
        VersionVector.Entry(replica: replica, number: entry.counter))
    }
    known = [:]
    for (stream, list) in entries {
      guard let vector = VersionVector(ascending: list.sorted { $0.replica < $1.replica }) else {
        return nil
      }
      known[stream] = vector
    }
  }

  /// The unit's stream, then those of the divisions above it.
  static func streams(_ replica: Replica, unit: Scope) -> [StreamID] {
    var streams = [StreamID(scope: unit)]
    while let next = streams.last.flatMap({ replica.tree.parent(of: $0.scope) }) {
      streams.append(StreamID(scope: next))
    }
    return streams
  }

  /// The entries of the replicas whose node is at or above a division: what that tier has issued.
  func issued(atOrAbove hub: Scope, in tree: ScopeTree) -> RosterCut {
    var issued = self
    for (stream, vector) in known {
      let entries = vector.entries.filter { tree.isAtOrAbove($0.replica.node.scope, hub) }
      issued.known[stream] = VersionVector(ascending: entries)
    }
    return issued
  }

  /// What it says of some streams.
  func only(_ streams: [StreamID]) -> RosterCut {
    var part = self
    part.known = known.filter { streams.contains($0.key) }
    return part
  }

  subscript(stream: StreamID) -> VersionVector { known[stream] ?? VersionVector() }

  /// As the header of a frame has it.
  func frameCut() throws(DrawError) -> FrameCut {
    var entries: [FrameCut.Entry] = []
    for (stream, vector) in known.sorted(by: { $0.key < $1.key }) {
      for entry in vector.entries {
        entries.append(.init(node: "\(stream) \(entry.replica)", counter: entry.number))
      }
    }
    return try FrameCut(entries)
  }

  /// Whether a replica knows all of it.
  func isKnown(at replica: Replica) throws(StoreError) -> Bool {
    for (stream, vector) in known {
      guard replica.streams.contains(stream), try replica.knowledge(of: stream).dominates(vector)
      else { return false }
    }
    return true
  }
}
