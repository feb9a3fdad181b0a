/// Virtual time, nanoseconds since the world began.
typealias Nanoseconds = UInt64

extension UInt64 {
  /// Nanoseconds of some milliseconds.
  static func milliseconds(_ count: Int) -> UInt64 { Self(Swift.max(0, count)) * 1_000_000 }
}

/// Events by (time, tie, sequence): a binary heap. The tie is drawn per event, so that simultaneous events
/// explore their orders (F18).
struct EventQueue<Event> {
  private struct Entry {
    let time: Nanoseconds
    let tie: UInt64
    let sequence: UInt64
    let event: Event

    func isBefore(_ other: Entry) -> Bool {
      (time, tie, sequence) < (other.time, other.tie, other.sequence)
    }
  }

  private let seed: UInt64
  private var heap: [Entry] = []
  private var sequence: UInt64 = 0

  init(seed: UInt64) { self.seed = seed }

  var count: Int { heap.count }

  var nextTime: Nanoseconds? { heap.first?.time }

  mutating func push(_ event: Event, at time: Nanoseconds) {
    sequence += 1
    var chance = Chance(seed, .tie, sequence)
    heap.append(Entry(time: time, tie: chance.next(), sequence: sequence, event: event))
    var index = heap.count - 1
    while index > 0, heap[index].isBefore(heap[(index - 1) / 2]) {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  mutating func pop() -> (time: Nanoseconds, event: Event)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      sink()
    }
    return (first.time, first.event)
  }

  private mutating func sink() {
    var index = 0
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2]
      where child < heap.count && heap[child].isBefore(heap[least]) {
        least = child
      }
      if least == index { return }
      heap.swapAt(index, least)
      index = least
    }
  }
}
