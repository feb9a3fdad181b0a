internal import Changes
internal import Foundation

/// The body of a hub's error answer, or of whoever answers in its place. Source: Protocol/7-HTTP.md §4.
package struct ErrorAnswerBody: Hashable, Sendable {
  private struct Problem: Decodable {
    let code: String
    let message: String
  }

  /// The problem's code, at most 64 characters; empty when the body is no problem in JSON.
  package let code: String
  /// The problem's message, else the body as text; at most `Limits.reasonBytes` characters.
  package let message: String

  /// Takes any bytes; of more than `Limits.errorBodyBytes` the first ones.
  package init(_ bytes: [UInt8]) {
    let body = bytes.prefix(Limits.errorBodyBytes)
    // Whatever else is answered, by a proxy perhaps, is shown as it is.
    let problem = try? JSONDecoder().decode(Problem.self, from: Data(body))
    code = Self.printable(problem?.code ?? "", atMost: 64)
    message = Self.printable(
      problem?.message ?? String(decoding: body, as: UTF8.self), atMost: Limits.reasonBytes)
  }

  /// A stranger's text, fit for a log line: control characters become spaces.
  package static func printable(_ text: String, atMost count: Int) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(count).map {
          $0.properties.generalCategory == .control ? " " : $0
        }))
  }
}
