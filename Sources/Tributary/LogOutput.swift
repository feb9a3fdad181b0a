import Foundation
import Logging
import Node
import Terminal

/// Log lines on the standard error, as text or JSON.
enum LogOutput {
  /// The logger of a command, as configured.
  static func logger(_ configuration: Configuration) -> Logger {
    let level = Logger.Level(rawValue: configuration.logLevel.rawValue) ?? .info
    return Logger(label: "tributary") { label in
      switch configuration.logFormat {
      case .text:
        var handler = StreamLogHandler.standardError(label: label)
        handler.logLevel = level
        return handler
      case .json: return JSONLogHandler(label: label, logLevel: level)
      }
    }
  }
}

/// One JSON object a line: at, level, logger, source, message, metadata.
private struct JSONLogHandler: LogHandler {
  let label: String
  var logLevel: Logger.Level
  var metadata = Logger.Metadata()

  init(label: String, logLevel: Logger.Level) { (self.label, self.logLevel) = (label, logLevel) }

  private struct Line: Encodable {
    let at: String
    let level: String
    let logger: String
    let source: String
    let message: String
    let metadata: [String: String]?
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let facts = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues(\.description)
    let line = Line(
      at: TimeText.rfc3339(milliseconds: Wall.milliseconds), level: event.level.rawValue,
      logger: label, source: event.source, message: event.message.description,
      metadata: facts.isEmpty ? nil : facts)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Texts always encode.
    guard let data = try? encoder.encode(line) else { return }
    StandardStream.note(String(decoding: data, as: UTF8.self))
  }
}
