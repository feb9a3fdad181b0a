import Casework
import Causality
import Changes
import Foundation
import Inspection
import Store
import Testing
import Wire

/// A province, a prefecture, two of its counties and a second terminal of the first, with the casework's
/// tables; links are calls, so that a test decides what meets when.
final class CaseWorld {
  /// 530000, 530100, 530102 and 530103.
  enum Place: UInt32, CaseIterable {
    case province = 530_000
    case prefecture = 530_100
    case county = 530_102
    case neighbour = 530_103
    /// The second terminal of 530102, with a replica of its own.
    case terminal = 1_530_102
  }

  let divisions: DivisionTree
  let calendar: WorkingCalendar
  private let root: String
  private var replicas: [Place: Replica] = [:]
  /// What each replica knew when it was last checked.
  private var checked: [Place: Cut] = [:]
  /// Milliseconds since 1970 at all nodes.
  var wall: UInt64

  /// `schemas`: of nodes whose program is not of today.
  init(at start: String = "2026-01-20", schemas: [Place: Schema] = [:]) throws {
    divisions = try DivisionTree.builtIn()
    calendar = try ReferenceData.calendar()
    root = FileManager.default.temporaryDirectory.path + "/tributary-case-\(UUID().uuidString)"
    wall = 0
    set(try #require(CivilDate(start)), hour: 9)
    for place in Place.allCases {
      let code = try #require(
        place == .terminal
          ? NodeCode(division: Place.county.rawValue, terminal: 1)
          : NodeCode(division: place.rawValue))
      let replica = try Replica.create(
        folder: ReplicaFolder("\(root)/\(place)"), node: code, tree: divisions.scopes,
        schema: schemas[place] ?? CaseworkSchema.current,
        anchor: replicas[.province]?.identity.anchor,
        wallMilliseconds: wall)
      replicas[place] = replica
      if let parent = parent(of: place) {
        _ = try self[parent].admit(
          replica.identity.enrolmentRequest(name: "\(place)"), author: "test",
          wallMilliseconds: wall)
        try exchange(place)
      }
    }
  }

  deinit {
    replicas = [:]
    try? FileManager.default.removeItem(atPath: root)  // Temporary: nobody misses it.
  }

  subscript(place: Place) -> Replica {
    guard let replica = replicas[place] else { preconditionFailure("no node \(place)") }
    return replica
  }

  /// Closes a replica and opens it with the program of today.
  func reopen(_ place: Place) throws {
    let folder = self[place].folder
    try self[place].close()
    replicas[place] = nil
    replicas[place] = try Replica.open(
      folder: folder, tree: divisions.scopes, schema: CaseworkSchema.current,
      wallMilliseconds: wall)
  }

  private func parent(of place: Place) -> Place? {
    switch place {
    case .province: nil
    case .prefecture: .province
    // The prefecture admits a county's terminals: the registry's rows of a scope are written above it.
    case .county, .neighbour, .terminal: .prefecture
    }
  }

  func scope(_ place: Place) -> Scope { self[place].identity.replica.node.scope }

  func set(_ date: CivilDate, hour: Int) {
    wall = UInt64(clamping: Instant(date, hour: hour, minute: 0).milliseconds)
  }

  func store(_ place: Place, author: String = "经办人") -> CaseStore {
    CaseStore(self[place], author: author, calendar: calendar) {
      self.wall += 1_000
      return self.wall
    }
  }

  /// A node and the one above it tell each other everything.
  func exchange(_ place: Place) throws {
    guard let parent = parent(of: place) else { return }
    try exchange(place, with: parent)
  }

  /// A node and one above it, which need not be its own parent.
  func exchange(_ place: Place, with parent: Place) throws {
    try send(self[place], self[parent], isIngress: true)
    try send(self[parent], self[place], isIngress: false)
  }

  /// Everything to everybody, and the check that all who hold a stream agree.
  func settle() throws {
    // Up, which also brings the province's word to the prefecture, and down.
    for place in [Place.terminal, .county, .neighbour, .prefecture] { try exchange(place) }
    for place in [Place.neighbour, .county, .terminal] { try exchange(place) }
    for left in Place.allCases {
      // What nothing was added to since it was found sound is sound.
      let cut = try self[left].cut()
      if checked[left] != cut { #expect(try self[left].check().problems.isEmpty) }
      checked[left] = cut
      for right in Place.allCases where left.rawValue < right.rawValue {
        for stream in self[left].streams where self[right].streams.contains(stream) {
          let (mine, theirs) = (
            try self[left].summary(of: stream), try self[right].summary(of: stream)
          )
          #expect(mine == theirs, "\(stream) at \(left) and \(right)")
        }
      }
    }
  }

  /// Down only, and only some streams: a link that broke early. `hub`: another than the parent.
  func pull(_ place: Place, from hub: Place? = nil, only scopes: [Scope]) throws {
    guard let hub = hub ?? parent(of: place) else { return }
    try send(self[hub], self[place], isIngress: false, only: scopes)
  }

  /// Up only, and only some streams.
  func push(_ place: Place, only scopes: [Scope]) throws {
    guard let parent = parent(of: place) else { return }
    try send(self[place], self[parent], isIngress: true, only: scopes)
  }

  private func send(
    _ from: Replica, _ to: Replica, isIngress: Bool, only scopes: [Scope]? = nil
  ) throws {
    var known = try to.streams.filter { stream in
      from.streams.contains(stream) && scopes?.contains(stream.scope) != false
    }
    .map { ($0, try to.knowledge(of: $0)) }
    while let batch = try from.changes(lackedBy: known, maxBytes: 80_000) {
      switch batch.content {
      case .frame(let message): try apply(message, from, to, isIngress)
      case .parts(let parts):
        for part in parts {
          if let message = try to.stage(part) { try apply(message, from, to, isIngress) }
        }
      }
      for advance in batch.advanced {
        known.removeAll { $0.0 == advance.stream }
        known.append((advance.stream, advance.known))
      }
    }
  }

  private func apply(
    _ message: ChangesMessage, _ from: Replica, _ to: Replica, _ isIngress: Bool
  ) throws {
    let outcome = try to.apply(
      message, from: from.identity.replica, isIngress: isIngress, wallMilliseconds: wall)
    #expect(outcome.rejected.isEmpty && outcome.refused.isEmpty)
  }
}
