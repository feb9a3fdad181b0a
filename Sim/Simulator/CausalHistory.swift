/// What three writers had seen of each other when they made each of their operations.
struct CausalHistory {
  /// An operation.
  struct Event {
    let writer: Int
    /// Operations of each writer that it follows.
    let context: [Int]
    /// The longest chain of operations that ends with it.
    let level: Int
    /// The sets of delivered operations whose last one, in the order of `events`, it is.
    let sets: [DeliveredSet]
  }

  /// Operations that were delivered: with each, all that it follows.
  struct DeliveredSet {
    let counts: [Int]
    let index: Int
    /// What may have come last, and the set before.
    let last: [Delivery]
    /// Whether these are all operations up to that one.
    let isAllSoFar: Bool
  }

  /// The delivery of an operation, by its place in `events`, to a set.
  struct Delivery {
    let event: Int
    let before: Int
  }

  /// In an order that respects what they follow.
  let events: [Event]
  /// Orders of delivery that respect what the operations follow.
  let orderCount: Int
  private let length: Int

  var setCount: Int { (length + 1) * (length + 1) * (length + 1) }

  /// The place of a set among all.
  func index(_ counts: [Int]) -> Int { Self.index(counts, length) }

  private static func index(_ counts: [Int], _ length: Int) -> Int {
    (counts[0] * (length + 1) + counts[1]) * (length + 1) + counts[2]
  }

  /// Contexts by writer and number.
  private typealias Contexts = [[[Int]]]

  /// All histories of three writers with `length` operations each.
  static func all(length: Int) -> [CausalHistory] {
    var found: [Contexts] = [[[], [], []]]
    for _ in 0..<3 * length {
      var next: [Contexts] = []
      var seen: Set<Contexts> = []
      for contexts in found {
        for writer in 0..<3 where contexts[writer].count < length {
          for longer in extensions(contexts, writer) where seen.insert(longer).inserted {
            next.append(longer)
          }
        }
      }
      found = next
    }
    return found.map { CausalHistory($0, length) }
  }

  /// A history with one more operation of a writer, with everything that it may have seen.
  private static func extensions(_ contexts: Contexts, _ writer: Int) -> [Contexts] {
    let own = contexts[writer].count
    let before = contexts[writer].last ?? [0, 0, 0]
    let ranges = (0..<3).map { $0 == writer ? own...own : before[$0]...contexts[$0].count }
    var list: [Contexts] = []
    for first in ranges[0] {
      for second in ranges[1] {
        for third in ranges[2] where isClosed([first, second, third], contexts) {
          var longer = contexts
          longer[writer].append([first, second, third])
          list.append(longer)
        }
      }
    }
    return list
  }

  /// Whether with each operation all that it follows is there.
  private static func isClosed(_ counts: [Int], _ contexts: Contexts) -> Bool {
    (0..<3).allSatisfy { writer in
      guard counts[writer] > 0 else { return true }
      let context = contexts[writer][counts[writer] - 1]
      return (0..<3).allSatisfy { context[$0] <= counts[$0] }
    }
  }

  private init(_ contexts: Contexts, _ length: Int) {
    self.length = length
    // Who follows another has the larger context.
    let order = (0..<3).flatMap { writer in (0..<length).map { (writer, $0) } }
      .sorted { left, right in
        let (a, b) = (contexts[left.0][left.1], contexts[right.0][right.1])
        return (a.reduce(0, +), left.0) < (b.reduce(0, +), right.0)
      }
    var places = [[Int]](repeating: [Int](repeating: 0, count: length), count: 3)
    for (place, event) in order.enumerated() { places[event.0][event.1] = place }
    var levels = [Int](repeating: 1, count: order.count)
    for (place, event) in order.enumerated() {
      for (writer, count) in contexts[event.0][event.1].enumerated() where count > 0 {
        levels[place] = max(levels[place], levels[places[writer][count - 1]] + 1)
      }
    }
    var sets = [[DeliveredSet]](repeating: [], count: order.count)
    var ways = [Int](repeating: 0, count: (length + 1) * (length + 1) * (length + 1))
    ways[0] = 1
    for counts in Self.counts(length) where Self.isClosed(counts, contexts) {
      let tops = (0..<3).filter { counts[$0] > 0 }.map { places[$0][counts[$0] - 1] }
      guard let latest = tops.max() else { continue }
      let last = tops.compactMap { place -> Delivery? in
        var before = counts
        before[order[place].0] -= 1
        return Self.isClosed(before, contexts)
          ? Delivery(event: place, before: Self.index(before, length)) : nil
      }
      let index = Self.index(counts, length)
      ways[index] = last.reduce(0) { $0 + ways[$1.before] }
      sets[latest].append(
        DeliveredSet(
          counts: counts, index: index, last: last,
          isAllSoFar: counts.reduce(0, +) == latest + 1))
    }
    orderCount = ways[ways.count - 1]
    events = order.enumerated().map { place, event in
      Event(
        writer: event.0, context: contexts[event.0][event.1], level: levels[place],
        sets: sets[place])
    }
  }

  /// Numbers of delivered operations of each writer, smaller sets before larger ones.
  private static func counts(_ length: Int) -> [[Int]] {
    (0...length).flatMap { first in
      (0...length).flatMap { second in (0...length).map { [first, second, $0] } }
    }
  }
}
