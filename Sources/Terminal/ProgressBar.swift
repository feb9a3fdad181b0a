import Foundation

/// Shows on the standard error how far long work is: a bar in a terminal, else a line every few seconds.
///
/// Belongs to one task. A stream that takes no more text is no reason to stop the work.
package struct ProgressBar {
  private var progress: Progress
  private let start: ContinuousClock.Instant

  /// Starts the clock and draws an empty bar in a terminal. `total` 0: nobody knows how much there is.
  package init(_ label: String, total: Int, unit: String = "") {
    start = .now
    let stream = StandardStream.error
    let columns = stream.isTerminal ? stream.columns ?? 80 : nil
    progress = Progress(label, total: total, unit: unit, columns: columns, milliseconds: 1)
    update(0)
  }

  /// Notes that `done` of the total is done. Cheap enough to call once per row.
  package mutating func update(_ done: Int) {
    if let text = progress.update(done, milliseconds: now) { write(text) }
  }

  /// Says how much was done and how long it took.
  package mutating func finish() { write(progress.finish(milliseconds: now)) }

  private var now: UInt64 {
    let elapsed = start.duration(to: .now).components
    return 1 + UInt64(elapsed.seconds) * 1_000 + UInt64(elapsed.attoseconds / 1_000_000_000_000_000)
  }

  private func write(_ text: String) {
    do {
      try StandardStream.error.write(text)
    } catch {
      // Nobody can be told that the standard error is closed.
    }
  }
}
