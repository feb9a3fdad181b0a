import Changes
import Foundation
import Node
import Replication
import Store
import TestSupport
import Testing

/// A link cut at every byte: what arrived whole is not sent again. Source: Protocol/6-Sessions §1.4, §5, 7-HTTP.
@Suite(.timeLimit(.minutes(10))) struct ResumeTests {
  /// Every byte with `TRIBUTARY_EVERY_BYTE`, else every so many.
  static func step(_ usual: Int) -> Int {
    ProcessInfo.processInfo.environment["TRIBUTARY_EVERY_BYTE"] == nil ? usual : 1
  }

  @Test func `a push cut at any byte goes on with what did not arrive`() async throws {
    let pair = try await Pair(rows: 3)
    _ = try await pair.settle()
    var (offset, number, longest) = (0, 3, 0)
    while true {
      // Small frames of their own would be one each: two transactions in one frame and a later one.
      for _ in 0..<2 {
        number += 1
        let key = "B\(number)"
        try await pair.write { transaction, scope throws(StoreError) in
          try transaction.insert(Pair.table, scope: scope, key: [.text(key)], [])
        }
      }
      let (before, up) = (try await pair.applied(), pair.proxy.counts.bytesUp)
      pair.proxy.spoil(.cut(.up, after: offset, offset.isMultiple(of: 2) ? .reset : .finish))
      let cut = await pair.caller.exchange(with: pair.address)
      longest = max(longest, pair.proxy.counts.bytesUp - up)
      pair.proxy.heal()
      let arrived = try await pair.applied() - before
      let sent = try await pair.settle()
      // The hub may still have been taking what came before the cut when it was asked.
      #expect(sent <= 2 - arrived, "cut at \(offset): \(arrived) had arrived, \(cut)")
      #expect(try await pair.hasApplied(before + 2), "cut at \(offset)")
      // Past the end of the turn nothing was cut.
      if cut.problem == nil { break }
      offset += Self.step(11)
    }
    print("pushes were cut at every \(Self.step(11)). of \(longest) bytes")
    #expect(longest > 300)
    #expect(try pair.rowsAtHub() == number)
  }

  @Test func `an answer cut at any byte goes on, and nothing is pushed twice`() async throws {
    let pair = try await Pair(rows: 1)
    _ = try await pair.settle()
    var (offset, number) = (0, 1)
    while true {
      number += 1
      let key = "B\(number)"
      try await pair.write { transaction, scope throws(StoreError) in
        try transaction.insert(Pair.table, scope: scope, key: [.text(key)], [])
      }
      let before = try await pair.applied()
      pair.proxy.spoil(.cut(.down, after: offset))
      let cut = await pair.caller.exchange(with: pair.address)
      pair.proxy.heal()
      // The request was whole; whether the hub had it before the link broke, it says itself.
      let sent = try await pair.settle()
      #expect(try await pair.hasApplied(before + 1), "cut at \(offset): \(cut)")
      #expect(sent <= 1, "cut at \(offset)")
      if cut.problem == nil { break }
      offset += Self.step(13)
    }
    #expect(offset > 300)
    #expect(try pair.rowsAtHub() == number)
  }

  @Test func `parts of a large change set that arrived are not sent again`() async throws {
    let pair = try await Pair()
    _ = try await pair.settle()
    var random = SeededGenerator(seed: 7)
    let titles = (0..<120).map { _ in random.bytes(20_000).map { String($0, radix: 16) }.joined() }
    try await pair.write { transaction, scope throws(StoreError) in
      for (index, title) in titles.enumerated() {
        try transaction.insert(
          Pair.table, scope: scope, key: [.text("L\(index)")],
          [ColumnValue(ColumnID(1), .text(title))])
      }
    }
    // Each contact is cut somewhere in its second part.
    var (cuts, contacts, carried) = (0, 0, 0)
    while true {
      contacts += 1
      let up = pair.proxy.counts.bytesUp
      pair.proxy.spoil(.cut(.up, after: Limits.partBytes * 2 - 60_000 + random.below(100_000)))
      let call = await pair.caller.exchange(with: pair.address)
      carried += pair.proxy.counts.bytesUp - up
      try #require(contacts < 100, "it does not get on")
      if call.problem != nil {
        cuts += 1
      } else if call.outcome.result == .complete, !call.outcome.differs {
        break
      }
    }
    pair.proxy.heal()
    _ = try await pair.settle()
    #expect(try pair.rowsAtHub() == titles.count)
    #expect(try await pair.hasApplied(1))
    #expect(cuts >= 2)
    // At most the part in hand is carried again after a cut.
    let whole = titles.reduce(0) { $0 + $1.utf8.count } * 6 / 10 + (cuts + 1) * Limits.partBytes
    #expect(carried < whole, "\(carried) bytes in \(cuts + 1) contacts")
    print("\(cuts) cuts, \(carried) bytes carried")
  }
}
