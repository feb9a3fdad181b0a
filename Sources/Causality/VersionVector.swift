/// Knowledge of one stream: for each replica the last number applied; all numbers up to it are known.
///
/// Source: engine.md §1 (knowledge), Protocol/2-Clocks. Kept sorted by replica, without zeros, so that
/// equal knowledge is an equal value and iteration is the same in every process.
package struct VersionVector: Hashable, Sendable {
  /// One replica and the last number known of it.
  package struct Entry: Hashable, Sendable {
    package let replica: ReplicaID
    /// At least 1.
    package let number: UInt64

    package init(replica: ReplicaID, number: UInt64) {
      precondition(number > 0, "a vector holds no zeros")
      self.replica = replica
      self.number = number
    }
  }

  /// Ascending by replica, each replica once.
  package private(set) var entries: [Entry]

  package init() { entries = [] }

  /// Returns nil unless the entries ascend strictly by replica.
  package init?(ascending entries: [Entry]) {
    for (left, right) in zip(entries, entries.dropFirst()) where left.replica >= right.replica {
      return nil
    }
    self.entries = entries
  }

  /// True when nothing is known.
  package var isEmpty: Bool { entries.isEmpty }

  /// The last number known of `replica`, 0 when none. Setting keeps the order; 0 removes the entry.
  /// Cost: logarithmic to read, linear to insert.
  package subscript(replica: ReplicaID) -> UInt64 {
    get {
      let index = firstIndex(notBefore: replica)
      guard index < entries.count, entries[index].replica == replica else { return 0 }
      return entries[index].number
    }
    set {
      let index = firstIndex(notBefore: replica)
      let found = index < entries.count && entries[index].replica == replica
      if newValue == 0 {
        if found { entries.remove(at: index) }
      } else if found {
        entries[index] = Entry(replica: replica, number: newValue)
      } else {
        entries.insert(Entry(replica: replica, number: newValue), at: index)
      }
    }
  }

  /// Whether the change set (replica, number) is known.
  package func contains(_ replica: ReplicaID, _ number: UInt64) -> Bool { self[replica] >= number }

  /// Whether everything that `other` knows is known here (other ≼ self). Cost: linear.
  package func dominates(_ other: VersionVector) -> Bool {
    var index = 0
    for entry in other.entries {
      while index < entries.count, entries[index].replica < entry.replica { index += 1 }
      guard index < entries.count, entries[index].replica == entry.replica,
        entries[index].number >= entry.number
      else { return false }
    }
    return true
  }

  /// The least vector that dominates both. Cost: linear.
  package func union(_ other: VersionVector) -> VersionVector {
    combine(other, keepingSingles: true, max)
  }

  /// The greatest vector that both dominate. Cost: linear.
  package func intersection(_ other: VersionVector) -> VersionVector {
    combine(other, keepingSingles: false, min)
  }

  /// How many change sets `self` knows that `other` lacks. Cost: linear.
  package func count(beyond other: VersionVector) -> UInt64 {
    entries.reduce(0) { total, entry in
      let known = other[entry.replica]
      return total + (entry.number > known ? entry.number - known : 0)
    }
  }

  /// Checks the order and the absence of zeros.
  package func checkInvariants() {
    precondition(VersionVector(ascending: entries) != nil, "a vector ascends by replica")
    precondition(entries.allSatisfy { $0.number > 0 }, "a vector holds no zeros")
  }

  private func combine(
    _ other: VersionVector, keepingSingles: Bool, _ choose: (UInt64, UInt64) -> UInt64
  ) -> VersionVector {
    var result: [Entry] = []
    result.reserveCapacity(max(entries.count, other.entries.count))
    var (left, right) = (0, 0)
    while left < entries.count || right < other.entries.count {
      if right == other.entries.count
        || left < entries.count && entries[left].replica < other.entries[right].replica
      {
        if keepingSingles { result.append(entries[left]) }
        left += 1
      } else if left == entries.count || other.entries[right].replica < entries[left].replica {
        if keepingSingles { result.append(other.entries[right]) }
        right += 1
      } else {
        let number = choose(entries[left].number, other.entries[right].number)
        result.append(Entry(replica: entries[left].replica, number: number))
        left += 1
        right += 1
      }
    }
    var vector = VersionVector()
    vector.entries = result
    return vector
  }

  private func firstIndex(notBefore replica: ReplicaID) -> Int {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].replica < replica { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension VersionVector: CustomStringConvertible {
  /// `{530000-1:4, 530102-1:17}`.
  package var description: String {
    "{" + entries.map { "\($0.replica):\($0.number)" }.joined(separator: ", ") + "}"
  }
}
