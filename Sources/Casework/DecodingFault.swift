internal import Foundation

/// What is wrong with a JSON file that somebody gave, in one line: the place and the reason.
package enum DecodingFault {
  /// `strata.0.ratio_bp: Expected to decode Int but found a string instead.`; for other errors their own words.
  package static func text(of error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    switch error {
    case .keyNotFound(let key, let context):
      return path(context.codingPath + [key]) + ": it is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context),
      .dataCorrupted(let context):
      let place = path(context.codingPath)
      return place.isEmpty ? context.debugDescription : "\(place): \(context.debugDescription)"
    @unknown default: return "\(error)"
    }
  }

  private static func path(_ keys: [any CodingKey]) -> String {
    keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
  }
}
