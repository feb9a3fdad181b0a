import Causality
import TestSupport
import Testing

/// The laws of knowledge (Protocol/2-Clocks §1) over generated vectors, beside a dictionary as a model.
@Suite struct VersionVectorTests {
  /// Few replicas and small numbers, so that vectors meet, dominate and are equal often.
  private static let replicas: [ReplicaID] = [
    "530100-1", "530100.1-2", "530101-3", "530101.1-1", "530102-2",
  ]
  .compactMap { ReplicaID($0) }

  private struct Model {
    var numbers: [ReplicaID: UInt64] = [:]

    func number(_ replica: ReplicaID) -> UInt64 { numbers[replica] ?? 0 }
  }

  private static func generate(
    _ random: inout SeededGenerator
  ) -> (vector: VersionVector, model: Model) {
    var (vector, model) = (VersionVector(), Model())
    for _ in 0..<random.below(12) {
      let (replica, number) = (random.pick(replicas), UInt64(random.below(4)))
      vector[replica] = number
      model.numbers[replica] = number == 0 ? nil : number
      vector.checkInvariants()
    }
    return (vector, model)
  }

  private static func same(_ vector: VersionVector, _ number: (ReplicaID) -> UInt64) -> Bool {
    vector.checkInvariants()
    return replicas.allSatisfy { vector[$0] == number($0) }
      && vector.entries.count == replicas.count { number($0) > 0 }
  }

  @Test func `Vectors are what a map without zeros is`() {
    for seed in UInt64(0)..<400 {
      var random = SeededGenerator(seed: seed)
      let (a, left) = Self.generate(&random)
      let (b, right) = Self.generate(&random)
      let (x, y) = (left.number, right.number)
      #expect(Self.same(a, x), "seed \(seed)")
      #expect(a.isEmpty == left.numbers.isEmpty, "seed \(seed)")
      #expect((a == b) == Self.replicas.allSatisfy { x($0) == y($0) }, "seed \(seed)")
      #expect(a.dominates(b) == Self.replicas.allSatisfy { x($0) >= y($0) }, "seed \(seed)")
      #expect(Self.same(a.union(b)) { max(x($0), y($0)) }, "seed \(seed)")
      #expect(Self.same(a.intersection(b)) { min(x($0), y($0)) }, "seed \(seed)")
      let beyond = Self.replicas.reduce(UInt64(0)) { $0 + (x($1) > y($1) ? x($1) - y($1) : 0) }
      #expect(a.count(beyond: b) == beyond, "seed \(seed)")
      for replica in Self.replicas {
        for number in UInt64(1)...5 {
          #expect(a.contains(replica, number) == (number <= x(replica)), "seed \(seed)")
        }
      }
    }
  }

  @Test func `Union and intersection are a lattice, and dominance is its order`() {
    for seed in UInt64(1_000)..<1_300 {
      var random = SeededGenerator(seed: seed)
      let a = Self.generate(&random).vector
      let b = Self.generate(&random).vector
      let c = Self.generate(&random).vector
      let empty = VersionVector()
      #expect(a.union(a) == a && a.intersection(a) == a, "idempotent, seed \(seed)")
      #expect(a.union(b) == b.union(a), "commutative, seed \(seed)")
      #expect(a.intersection(b) == b.intersection(a), "commutative, seed \(seed)")
      #expect(a.union(b).union(c) == a.union(b.union(c)), "associative, seed \(seed)")
      #expect(
        a.intersection(b).intersection(c) == a.intersection(b.intersection(c)),
        "associative, seed \(seed)")
      #expect(a.union(a.intersection(b)) == a, "absorption, seed \(seed)")
      #expect(a.intersection(a.union(b)) == a, "absorption, seed \(seed)")
      #expect(
        a.union(b.intersection(c)) == a.union(b).intersection(a.union(c)),
        "distributive, seed \(seed)")
      #expect(a.union(empty) == a && a.intersection(empty) == empty, "least, seed \(seed)")
      #expect(a.dominates(b) == (a.union(b) == a), "order, seed \(seed)")
      #expect(a.dominates(b) == (a.intersection(b) == b), "order, seed \(seed)")
      #expect(a.dominates(empty) && a.dominates(a), "reflexive, seed \(seed)")
      #expect((a.dominates(b) && b.dominates(a)) == (a == b), "antisymmetric, seed \(seed)")
      if a.dominates(b), b.dominates(c) { #expect(a.dominates(c), "transitive, seed \(seed)") }
      #expect((a.count(beyond: b) == 0) == b.dominates(a), "seed \(seed)")
      #expect(
        a.count(beyond: b) == a.count(beyond: a.intersection(b)), "what is shared, seed \(seed)")
    }
  }

  @Test func `Entries that do not ascend strictly make no vector`() {
    for seed in UInt64(2_000)..<2_200 {
      var random = SeededGenerator(seed: seed)
      let vector = Self.generate(&random).vector
      #expect(VersionVector(ascending: vector.entries) == vector, "seed \(seed)")
      guard vector.entries.count > 1 else { continue }
      let place = random.below(vector.entries.count - 1)
      var swapped = vector.entries
      swapped.swapAt(place, place + 1)
      #expect(VersionVector(ascending: swapped) == nil, "seed \(seed)")
      var doubled = vector.entries
      doubled.insert(doubled[place], at: place)
      #expect(VersionVector(ascending: doubled) == nil, "seed \(seed)")
    }
  }
}
