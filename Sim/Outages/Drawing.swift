/// A picture in SVG, inline in a page: shapes and texts by class, so that the page's colours apply.
struct Drawing {
  let width: Int
  let height: Int
  private var parts: [String] = []

  init(width: Int, height: Int) { (self.width, self.height) = (width, height) }

  /// The element; `label` says to a screen reader what it shows.
  func svg(label: String) -> String {
    "<svg viewBox=\"0 0 \(width) \(height)\" role=\"img\" aria-label=\"\(Self.escape(label))\">"
      + parts.joined() + "</svg>"
  }

  mutating func line(_ x1: Int, _ y1: Int, _ x2: Int, _ y2: Int, _ name: String) {
    parts.append("<line x1=\"\(x1)\" y1=\"\(y1)\" x2=\"\(x2)\" y2=\"\(y2)\" class=\"\(name)\"/>")
  }

  mutating func box(_ x: Int, _ y: Int, _ width: Int, _ height: Int, _ name: String, title: String)
  {
    parts.append(
      "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(width)\" height=\"\(height)\" class=\"\(name)\">"
        + "<title>\(Self.escape(title))</title></rect>")
  }

  mutating func path(_ points: [(x: Int, y: Int)], _ name: String) {
    guard let first = points.first else { return }
    var text = "M\(first.x) \(first.y)"
    for point in points.dropFirst() { text += "L\(point.x) \(point.y)" }
    parts.append("<path d=\"\(text)\" class=\"\(name)\"/>")
  }

  enum Anchor: String { case start, middle, end }

  mutating func text(_ x: Int, _ y: Int, _ text: String, _ anchor: Anchor, _ name: String = "label")
  {
    parts.append(
      "<text x=\"\(x)\" y=\"\(y)\" text-anchor=\"\(anchor.rawValue)\" class=\"\(name)\">"
        + "\(Self.escape(text))</text>")
  }

  /// Text as XML takes it.
  static func escape(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
    return result
  }

  /// How wide a text is in the pages' 13 px type, about.
  static func textWidth(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + ($1.value > 0x2E80 ? 13 : 7) }
  }

  /// A text that is cut to a width.
  static func fitted(_ text: String, _ width: Int) -> String {
    if textWidth(text) <= width { return text }
    var short = text
    while !short.isEmpty, textWidth(short + "…") > width { short.removeLast() }
    return short + "…"
  }
}

/// A pair of axes: virtual time to the right, a quantity upwards.
struct Axes {
  /// What the upward axis counts, and how its numbers are written.
  enum Unit {
    case duration, bytes
    case count

    /// Steps between the lines of an axis, so that there are at most five.
    func step(_ highest: Int) -> Int {
      let steps: [Int]
      switch self {
      case .duration:
        steps = [
          10, 50, 100, 250, 500, 1_000, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
          3_600_000, 7_200_000, 14_400_000, 21_600_000, 43_200_000, 86_400_000, 172_800_000,
          432_000_000, 864_000_000, 2_592_000_000,
        ]
      case .bytes, .count:
        steps = (0..<12).flatMap { power in
          let ten = (0..<power).reduce(1) { product, _ in product * 10 }
          return [ten, 2 * ten, 5 * ten]
        }
      }
      return steps.first { $0 * 5 >= highest } ?? max(1, highest / 5)
    }

    func text(_ value: Int) -> String {
      switch self {
      case .duration: value == 0 ? "0" : Figures.duration(value)
      case .bytes: value == 0 ? "0" : Figures.bytes(value)
      case .count: Figures.count(value)
      }
    }
  }

  let left: Int
  let right: Int
  let top: Int
  let bottom: Int
  /// Milliseconds since the scenario's start.
  let end: Int
  let highest: Int
  let startMilliseconds: Int

  func x(_ milliseconds: Int) -> Int {
    left + Int(Double(min(max(0, milliseconds), end)) / Double(max(1, end)) * Double(right - left))
  }

  func y(_ value: Int) -> Int {
    bottom - Int(Double(value) / Double(max(1, highest)) * Double(bottom - top))
  }

  /// Lines, numbers and the names of both axes.
  func draw(on drawing: inout Drawing, _ unit: Unit, title: String) {
    let step = unit.step(highest)
    for value in stride(from: 0, through: highest, by: step) {
      drawing.line(left, y(value), right, y(value), value == 0 ? "axis" : "grid")
      drawing.text(left - 6, y(value) + 4, unit.text(value), .end)
    }
    drawing.text(8, top - 10, title, .start, "name")
    drawTime(on: &drawing)
  }

  /// The time axis alone, with lines through the picture.
  func drawTime(on drawing: inout Drawing) {
    let hour = 3_600_000
    let most = max(3, (right - left) / 90)
    let steps = [
      hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, 24 * hour, 48 * hour, 168 * hour, 720 * hour,
    ]
    let step = steps.first { end / $0 < most } ?? 2_400 * hour
    for time in stride(from: 0, through: end, by: step) {
      let place = x(time)
      drawing.line(place, top, place, bottom, "grid")
      let moment = startMilliseconds + time
      let isMidnight = time % (24 * hour) == 0
      let text = isMidnight ? CivilTime.dayText(moment) : CivilTime.clock(moment)
      let anchor: Drawing.Anchor = place > right - 24 ? .end : .middle
      drawing.text(place, bottom + 18, text, anchor)
    }
    drawing.line(left, bottom, right, bottom, "axis")
    drawing.text(right, bottom + 36, "China's time", .end, "name")
  }
}
