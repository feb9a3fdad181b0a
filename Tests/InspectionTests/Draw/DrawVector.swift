import Foundation
import Inspection

/// One published vector of draws: a record, and the first step of its check that fails.
struct DrawVector: Codable {
  let failingStep: DrawStep?
  let record: DrawRecord

  enum CodingKeys: String, CodingKey {
    case failingStep = "failing_step"
    case record
  }

  /// Where the vectors are.
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Protocol/Vectors/draw")
}
