package import Causality

/// What a replica knew at one moment, stream by stream: a causal cut.
package struct Cut: Hashable, Sendable {
  /// The knowledge of one stream.
  package struct Entry: Hashable, Sendable {
    package let stream: StreamID
    package let known: VersionVector

    package init(stream: StreamID, known: VersionVector) {
      (self.stream, self.known) = (stream, known)
    }
  }

  /// Ascending by stream, each stream once, none of which nothing is known.
  package let entries: [Entry]

  /// Takes entries in any order; of two for one stream what either knows.
  package init(_ list: [Entry]) {
    var known: [StreamID: VersionVector] = [:]
    for entry in list {
      known[entry.stream] = known[entry.stream]?.union(entry.known) ?? entry.known
    }
    entries = known.filter { !$0.value.isEmpty }.map { Entry(stream: $0.key, known: $0.value) }
      .sorted { $0.stream < $1.stream }
  }

  /// The knowledge of a stream; empty for one that is not named. Cost: logarithmic.
  package subscript(stream: StreamID) -> VersionVector {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].stream < stream { low = middle + 1 } else { high = middle }
    }
    guard low < entries.count, entries[low].stream == stream else { return VersionVector() }
    return entries[low].known
  }
}

/// Why the rows of a cut cannot be read here.
package enum CutProblem: Hashable, Sendable {
  /// The cut names a stream that this node does not hold.
  case streamNotHeld(StreamID)
  /// The cut knows a change set that is not here.
  case unknownHere(Dot)
  /// The cut has a change set, but not what that one builds on: it is no cut of any replica.
  case notClosed(Dot)
}
