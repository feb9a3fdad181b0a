/// A line at work: who waits for whom, and what it carried.
struct LinkState {
  let line: LinkClass
  /// When each direction is free again: up, down.
  private var freeAt: [Nanoseconds] = [0, 0]
  private var quotaDay = 0
  private var usedToday = 0
  private(set) var quotaHits = 0
  /// Bytes by hour of measurement: up, down.
  private(set) var hours: [[Int]] = [[], []]
  private(set) var busy: [Nanoseconds] = [0, 0]
  /// Bytes since the world began, both ways.
  private(set) var total = 0
  /// The last long poll that brought nothing, by which further ones go.
  var quiet: QuietPoll?

  /// What a long poll without news took.
  struct QuietPoll {
    let upBytes: Int
    let downBytes: Int
    let childChanges: UInt64
    let hubChanges: UInt64
    let childLife: UInt64
    let hubLife: UInt64
  }

  init(_ line: LinkClass) { self.line = line }

  static let packetBytes = 1_400
  /// Rounds of repetition after which TCP gives the connection up.
  static let longestRepetition = 8

  /// What becomes of a message: when it is there; nil when the line is dead, by its quota or by too much loss.
  /// `day`: of the quota. `hour`: of measurement; nil before it.
  mutating func carry(
    _ bytes: Int, isUp: Bool, from begin: Nanoseconds, day: Int, hour: Int?,
    using chance: inout Chance
  ) -> Nanoseconds? {
    if day != quotaDay { (quotaDay, usedToday) = (day, 0) }
    let size = bytes + line.overheadBytes
    if line.quotaBytesPerDay > 0, usedToday + size > line.quotaBytesPerDay {
      quotaHits += 1
      return nil
    }
    let (repeated, rounds) = repetitions(size, &chance)
    let wire = size + repeated
    count(wire, isUp: isUp, hour: hour)
    if rounds > Self.longestRepetition { return nil }
    let direction = isUp ? 0 : 1
    let speed = isUp ? line.upBitsPerSecond : line.downBitsPerSecond
    let start = max(begin, freeAt[direction])
    let sending = speed > 0 ? UInt64(wire) * 8_000_000_000 / UInt64(speed) : 0
    freeAt[direction] = start + sending
    let pause = max(200, 2 * line.roundTripMilliseconds) * rounds
    let jitter = chance.exponential(mean: line.jitterMilliseconds * 1_000)
    return start + sending + .milliseconds(line.roundTripMilliseconds / 2 + pause) + UInt64(jitter)
      * 1_000
  }

  /// Bytes that are sent once more, and how often the sender waited for it.
  private func repetitions(_ size: Int, _ chance: inout Chance) -> (bytes: Int, rounds: Int) {
    guard line.lossPerMillion > 0 else { return (0, 0) }
    var (packets, rounds, bytes) = ((size + Self.packetBytes - 1) / Self.packetBytes, 0, 0)
    while packets > 0, rounds <= Self.longestRepetition {
      packets = (0..<packets).count { _ in chance.happens(perMillion: line.lossPerMillion) }
      if packets > 0 {
        rounds += 1
        bytes += min(packets * Self.packetBytes, size)
      }
    }
    return (bytes, rounds)
  }

  /// Counts bytes that went over the line.
  mutating func count(_ bytes: Int, isUp: Bool, hour: Int?) {
    usedToday += bytes
    total += bytes
    guard let hour else { return }
    let direction = isUp ? 0 : 1
    let speed = isUp ? line.upBitsPerSecond : line.downBitsPerSecond
    if speed > 0 { busy[direction] += UInt64(bytes) * 8_000_000_000 / UInt64(speed) }
    while hours[direction].count <= hour { hours[direction].append(0) }
    hours[direction][hour] += bytes
  }

  func bytes(isUp: Bool) -> Int { hours[isUp ? 0 : 1].reduce(0, +) }

  var busiestHour: Int {
    (0..<max(hours[0].count, hours[1].count)).map { hour in
      hours.reduce(0) { $0 + ($1.indices.contains(hour) ? $1[hour] : 0) }
    }.max() ?? 0
  }
}
