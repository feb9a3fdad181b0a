/// How far long work is, as text: a bar that redraws itself in a terminal, else a plain line now and then.
/// Time is an argument.
package struct Progress: Sendable {
  private let label: String
  private let total: Int
  private let unit: String
  /// Columns for the whole line; nil writes plain lines.
  private let columns: Int?
  private let startMilliseconds: UInt64
  private var shownMilliseconds: UInt64
  private var shownColumns = 0
  private var done = 0

  /// Milliseconds between two redrawings of a bar.
  package static let barMilliseconds: UInt64 = 100
  /// Milliseconds between two plain lines.
  package static let lineMilliseconds: UInt64 = 5_000

  /// `total` 0 means that nobody knows how much there is.
  package init(
    _ label: String, total: Int, unit: String = "", columns: Int?, milliseconds: UInt64
  ) {
    precondition(total >= 0, "there is no negative work")
    (self.label, self.total, self.unit, self.columns) = (label.visible, total, unit, columns)
    startMilliseconds = milliseconds
    // The first bar is drawn at once, the first plain line after a while.
    shownMilliseconds = 0
    if columns == nil { shownMilliseconds = milliseconds }
  }

  /// Notes that `done` of the total is done; returns what to write now, nil when it is too early.
  package mutating func update(_ done: Int, milliseconds: UInt64) -> String? {
    self.done = max(self.done, total == 0 ? done : min(done, total))
    let pause = columns == nil ? Progress.lineMilliseconds : Progress.barMilliseconds
    guard shownMilliseconds == 0 || milliseconds >= shownMilliseconds + pause else { return nil }
    shownMilliseconds = max(milliseconds, 1)
    return text(milliseconds)
  }

  /// The last text: how much was done and how long it took. The line is ended.
  package mutating func finish(milliseconds: UInt64) -> String {
    let elapsed = milliseconds - min(milliseconds, startMilliseconds)
    let amount = done == 0 ? "" : Quantity.count(done) + (unit.isEmpty ? "" : " " + unit) + ", "
    let line = "\(label): \(amount)\(Quantity.duration(milliseconds: elapsed))"
    return columns == nil ? line + "\n" : redrawn(line) + "\n"
  }

  private mutating func text(_ milliseconds: UInt64) -> String {
    var amount = Quantity.count(done)
    if total > 0 { amount += "/" + Quantity.count(total) }
    if !unit.isEmpty { amount += " " + unit }
    guard let columns else { return "\(label): \(amount)\n" }
    if total == 0 { return redrawn("\(label)  \(amount)") }
    let rest = remaining(milliseconds).map { ", \($0) left" } ?? ""
    let frame = "\(label)  []  \(amount)\(rest)"
    let room = min(columns - 1 - DisplayWidth.columns(of: frame), 40)
    guard room >= 4 else { return redrawn("\(label)  \(amount)") }
    let filled = room * done / total
    let bar =
      String(repeating: "█", count: filled) + String(repeating: "·", count: room - filled)
    return redrawn("\(label)  [\(bar)]  \(amount)\(rest)")
  }

  /// An estimate at the rate so far; nil before one second of work.
  private func remaining(_ milliseconds: UInt64) -> String? {
    let elapsed = milliseconds - min(milliseconds, startMilliseconds)
    guard elapsed >= 1_000, done > 0, done < total else { return nil }
    let (product, overflow) = elapsed.multipliedReportingOverflow(by: UInt64(total - done))
    return overflow ? nil : Quantity.duration(milliseconds: product / UInt64(done) / 1_000 * 1_000)
  }

  /// The line over the one before, whose rest is blanked.
  private mutating func redrawn(_ line: String) -> String {
    let line = DisplayWidth.truncated(line, to: max(1, (columns ?? 80) - 1))
    let width = DisplayWidth.columns(of: line)
    let blanks = String(repeating: " ", count: max(0, shownColumns - width))
    shownColumns = width
    return "\r" + line + blanks
  }
}
