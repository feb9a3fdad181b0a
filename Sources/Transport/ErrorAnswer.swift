internal import Changes
internal import NIOHTTP1

/// Reads a hub's error answer. Source: Protocol/7-HTTP.md §4.
struct ErrorAnswer {
  private let head: HTTPResponseHead
  private let body: ErrorAnswerBody

  init(_ head: HTTPResponseHead, _ body: [UInt8]) {
    self.head = head
    self.body = ErrorAnswerBody(body)
  }

  func error(from parent: ParentAddress) -> TransportError {
    let status = head.status.code
    switch status {
    case 429, 503:
      return .busy(parent, status: status, retryAfterMilliseconds: retryAfterMilliseconds)
    case 300..<400:
      let target = head.headers.first(name: "location") ?? "elsewhere"
      return .notAHub(
        parent, reason: "it redirects to \(ErrorAnswerBody.printable(target, atMost: 200))")
    default:
      return .refused(parent, status: status, code: body.code, message: body.message)
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
}
