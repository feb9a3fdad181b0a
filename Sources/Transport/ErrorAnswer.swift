internal import Changes
internal import Foundation
internal import NIOHTTP1

/// Reads a hub's error answer. Source: Protocol/7-HTTP.md §4.
struct ErrorAnswer {
  private struct Body: Decodable {
    let code: String
    let message: String
  }

  private let head: HTTPResponseHead
  private let code: String
  private let message: String

  init(_ head: HTTPResponseHead, _ body: [UInt8]) {
    self.head = head
    // Whatever else is answered, by a proxy perhaps, is shown as it is.
    let parsed = try? JSONDecoder().decode(Body.self, from: Data(body))
    code = Self.printable(parsed?.code ?? "", atMost: 64)
    message = Self.printable(
      parsed?.message ?? String(decoding: body, as: UTF8.self), atMost: Limits.reasonBytes)
  }

  func error(from parent: ParentAddress) -> TransportError {
    let status = head.status.code
    switch status {
    case 429, 503:
      return .busy(parent, status: status, retryAfterMilliseconds: retryAfterMilliseconds)
    case 300..<400:
      let target = head.headers.first(name: "location") ?? "elsewhere"
      return .notAHub(parent, reason: "it redirects to \(Self.printable(target, atMost: 200))")
    default:
      return .refused(parent, status: status, code: code, message: message)
    }
  }

  /// Whole seconds only; a date is taken for none.
  private var retryAfterMilliseconds: UInt64? {
    guard let seconds = head.headers.first(name: "retry-after").flatMap(UInt64.init) else {
      return nil
    }
    let (product, overflows) = seconds.multipliedReportingOverflow(by: 1_000)
    return overflows
      ? Limits.retryAfterLongestMilliseconds : min(product, Limits.retryAfterLongestMilliseconds)
  }

  /// A stranger's text, fit for a log line: control characters become spaces.
  static func printable(_ text: String, atMost count: Int) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(count).map {
          $0.properties.generalCategory == .control ? " " : $0
        }))
  }
}
