internal import Causality
internal import Changes
internal import Foundation
package import Inspection
internal import Store

/// The cut that a report was made at, as a document: with it and the same rules, every node that holds the
/// streams makes the same report again, whatever came since. Source: domain.md §5.1, R-3.5.
package struct ReportCut: Codable, Hashable, Sendable {
  /// What stands in `format`.
  package static let format = "tributary-cut-1"

  package let format: String
  /// The moment of the report, milliseconds since 1970.
  package let asOfMilliseconds: Int64
  /// The node that made it: its division is the top of the report.
  package let unit: String
  /// First and last business date that count, `YYYY-MM-DD`.
  package let from: String
  package let to: String
  package let rulesVersion: UInt64
  package let calendarVersion: UInt32
  /// Ascending by stream.
  package let streams: [Known]
  /// When this node last spoke with nodes of a unit, ascending; a fact of the moment that no log keeps.
  package let contacts: [Contact]
  /// Since when the oldest change set of this node waits for a parent's acknowledgement; nil when none does. A
  /// fact of the moment, like the contacts.
  package let unacknowledgedSinceMilliseconds: Int64?
  /// Bytes of change sets that the parent which lacks most has not acknowledged; nil without a parent. A fact of
  /// the moment, too.
  package let queuedBytes: Int64?

  /// The knowledge of one stream.
  package struct Known: Codable, Hashable, Sendable {
    /// e.g. `530102/both`.
    package let stream: String
    /// e.g. `530102-1:17`, ascending by replica.
    package let known: [String]
  }

  /// The last contact with a unit.
  package struct Contact: Codable, Hashable, Sendable {
    package let unit: String
    package let atMilliseconds: Int64

    enum CodingKeys: String, CodingKey {
      case unit
      case atMilliseconds = "at_milliseconds"
    }
  }

  enum CodingKeys: String, CodingKey {
    case format
    case asOfMilliseconds = "as_of_milliseconds"
    case unit, from, to
    case rulesVersion = "rules_version"
    case calendarVersion = "calendar_version"
    case streams, contacts
    case unacknowledgedSinceMilliseconds = "unacknowledged_since_milliseconds"
    case queuedBytes = "queued_bytes"
  }

  init(
    _ cut: Cut, unit: String, asOf: Instant, days: ClosedRange<CivilDate>, rules: RuleSet,
    calendar: WorkingCalendar, contacts: [Contact], unacknowledged: Int64? = nil,
    queuedBytes: Int64? = nil
  ) {
    self.queuedBytes = queuedBytes
    format = Self.format
    asOfMilliseconds = asOf.milliseconds
    self.unit = unit
    (from, to) = ("\(days.lowerBound)", "\(days.upperBound)")
    (rulesVersion, calendarVersion) = (rules.version, calendar.version)
    streams = cut.entries.map { entry in
      Known(
        stream: "\(entry.stream)", known: entry.known.entries.map { "\($0.replica):\($0.number)" })
    }
    self.contacts = contacts
    unacknowledgedSinceMilliseconds = unacknowledged
  }

  /// The part that a unit below has: the streams that its nodes hold, for the report of that unit.
  func restricted(to unit: Scope, _ tree: ScopeTree) -> ReportCut {
    ReportCut(
      self, unit: "\(unit)",
      streams: streams.filter { named in
        Self.stream(named.stream).map { tree.holds(unit, $0) } ?? false
      },
      contacts: contacts.filter { contact in
        Scope(contact.unit).map { tree.isAtOrAbove(unit, $0) } ?? false
      })
  }

  private init(_ other: ReportCut, unit: String, streams: [Known], contacts: [Contact]) {
    (format, asOfMilliseconds, self.unit) = (other.format, other.asOfMilliseconds, unit)
    (from, to) = (other.from, other.to)
    (rulesVersion, calendarVersion) = (other.rulesVersion, other.calendarVersion)
    (self.streams, self.contacts) = (streams, contacts)
    queuedBytes = unit == other.unit ? other.queuedBytes : nil
    unacknowledgedSinceMilliseconds =
      unit == other.unit ? other.unacknowledgedSinceMilliseconds : nil
  }

  /// The document, one line, names in order of the alphabet. Throws `cutUnusable`.
  package func json() throws(CaseworkError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do { return String(decoding: try encoder.encode(self), as: UTF8.self) } catch {
      throw .cutUnusable("it cannot be written: \(error)")
    }
  }

  package var asOf: Instant { Instant(milliseconds: asOfMilliseconds) }

  /// The days that count. Throws `cutUnusable`.
  package func days() throws(CaseworkError) -> ClosedRange<CivilDate> {
    guard let first = CivilDate(from), let last = CivilDate(to), first <= last else {
      throw .cutUnusable("'\(from)' to '\(to)' are no days")
    }
    return first...last
  }

  /// The knowledge as the replica takes it. Throws `cutUnusable`.
  func cut() throws(CaseworkError) -> Cut {
    guard format == Self.format else {
      throw .cutUnusable("its format is '\(format)', not '\(Self.format)'")
    }
    var entries: [Cut.Entry] = []
    for named in streams {
      guard let stream = Self.stream(named.stream) else {
        throw .cutUnusable("'\(named.stream)' is no stream")
      }
      var known: [VersionVector.Entry] = []
      for text in named.known {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let replica = ReplicaID(String(parts[0])),
          let number = UInt64(parts[1]), number > 0
        else { throw .cutUnusable("'\(text)' names no change set") }
        known.append(VersionVector.Entry(replica: replica, number: number))
      }
      guard let vector = VersionVector(ascending: known) else {
        throw .cutUnusable("the replicas of \(named.stream) do not ascend")
      }
      entries.append(Cut.Entry(stream: stream, known: vector))
    }
    return Cut(entries)
  }

  private static func stream(_ text: String) -> StreamID? {
    let parts = text.split(separator: "/")
    guard parts.count == 2, let scope = Scope(String(parts[0])),
      let channel = Channel.allCases.first(where: { "\($0)" == parts[1] })
    else { return nil }
    return StreamID(scope: scope, channel: channel)
  }
}
