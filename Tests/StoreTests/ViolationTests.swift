import Causality
import Changes
import Store
import Testing
import Wire

/// What is broken among the rows held here is listed and blocks nothing (engine.md §4, violations).
@Suite struct ViolationTests {
  /// A library with rules: an ISBN in one branch only, loans of books that exist, states that need columns.
  enum Rules {
    static let loans = TableID(2_010)
    static let books = TableID(2_011)
    static let branch = "branch"

    static func schema(version: UInt32 = 1, hasRules: Bool = true) throws -> Schema {
      try Schema(
        version: version,
        tables: [
          TableDeclaration(
            id: books, name: "titles", scopeColumn: branch,
            key: [KeyColumn(name: "number", kind: .text)],
            columns: [
              ColumnDeclaration(id: 1, name: "isbn", kind: .text),
              ColumnDeclaration(id: 2, name: "state", kind: .text),
              ColumnDeclaration(id: 3, name: "lost_on", kind: .text),
            ],
            rules: !hasRules
              ? []
              : [
                RowRule(
                  "isbn_once",
                  .unique(
                    ["isbn"],
                    except: RowRule.Exception(column: "state", values: [.text("sold")]))),
                RowRule(
                  "states",
                  .states(
                    "state",
                    [
                      RowRule.State(.text("in")), RowRule.State(.text("sold")),
                      RowRule.State(.text("lost"), needs: ["lost_on"]),
                    ])),
              ]),
          TableDeclaration(
            id: loans, name: "loans", scopeColumn: branch,
            key: [KeyColumn(name: "loan", kind: .integer)],
            columns: [ColumnDeclaration(id: 1, name: "book", kind: .text)],
            rules: hasRules ? [RowRule("loaned_book", .reference(["book"], to: books))] : []),
        ])
    }
  }

  private func put(
    _ world: World, _ node: UInt32, _ table: TableID, in branch: UInt32, _ key: Value,
    _ values: [ColumnValue]
  ) throws {
    world.wall += 1_000
    let scope = try #require(Scope(code: branch))
    _ = try world[node].write(author: "t", wallMilliseconds: world.wall) {
      t throws(StoreError) in
      if try t.read(table, scope: scope, key: [key]) == nil {
        try t.insert(table, scope: scope, key: [key], values)
      } else {
        try t.update(table, scope: scope, key: [key], values)
      }
    }
  }

  private func book(
    _ world: World, _ node: UInt32, in branch: UInt32, _ number: String, isbn: String? = nil,
    state: String? = nil
  ) throws {
    try put(
      world, node, Rules.books, in: branch, .text(number),
      [
        ColumnValue(ColumnID(1), isbn.map { .text($0) } ?? .null),
        ColumnValue(ColumnID(2), state.map { .text($0) } ?? .null),
      ])
  }

  @Test func `what two branches created apart is listed where both are seen, until one ends`()
    throws
  {
    let world = try World([1, 10, 11, 12], schema: try Rules.schema())
    try book(world, 11, in: 11, "A", isbn: "978")
    try book(world, 12, in: 12, "B", isbn: "978")
    try book(world, 12, in: 12, "C")
    try book(world, 11, in: 11, "D")
    try world.settle()
    for node in [11, 12] as [UInt32] { #expect(try world[node].violations().isEmpty) }
    for node in [1, 10] as [UInt32] {
      let found = try world[node].violations()
      #expect(found.count == 1)
      #expect(found.first?.rule == "isbn_once" && found.first?.kind == .unique)
      #expect(found.first?.values == [.text("978")])
      #expect(found.first?.rows.map(\.key) == [[.text("A")], [.text("B")]])
      #expect(found.first?.rows.map(\.scope.code) == [11, 12])
      #expect(try world[node].violationCounts().map(\.count) == [1])
    }
    #expect(try world[1].conflicts().isEmpty, "a violation is no conflict")
    // The state that the rule passes over, then back, then deleted.
    try book(world, 12, in: 12, "B", isbn: "978", state: "sold")
    try world.settle()
    #expect(try world[10].violations().isEmpty)
    try book(world, 12, in: 12, "B", isbn: "978", state: "in")
    try world.settle()
    #expect(try world[10].violations().count == 1)
    let scope = try #require(Scope(code: 11))
    _ = try world[11].write(author: "t", wallMilliseconds: world.wall + 1) {
      t throws(StoreError) in
      try t.delete(Rules.books, scope: scope, key: [.text("A")])
    }
    try world.settle()
    #expect(try world[10].violations().isEmpty)
    #expect(try world[10].violationCounts().isEmpty)
  }

  @Test func `a reference that arrives early dangles until its target comes`() throws {
    let world = try World([1, 10, 11], schema: try Rules.schema())
    try put(world, 11, Rules.loans, in: 11, .integer(7), [ColumnValue(ColumnID(1), .text("A"))])
    try put(world, 11, Rules.loans, in: 11, .integer(8), [ColumnValue(ColumnID(1), .null)])
    try world.settle()
    let early = try world[1].violations()
    #expect(early.map(\.rule) == ["loaned_book"] && early[0].kind == .reference)
    #expect(early[0].values == [.text("A")] && early[0].rows.map(\.key) == [[.integer(7)]])
    // The same number in another scope is another row.
    try book(world, 10, in: 10, "A")
    try world.settle()
    #expect(try world[1].violations().count == 1)
    try book(world, 11, in: 11, "A")
    try world.settle()
    for node in [1, 10, 11] as [UInt32] { #expect(try world[node].violations().isEmpty) }
  }

  @Test func `an unknown state and a state without what it needs are listed`() throws {
    let world = try World([1, 10, 11], schema: try Rules.schema())
    try book(world, 11, in: 11, "A", state: "eaten")
    try book(world, 11, in: 11, "B", state: "lost")
    try book(world, 11, in: 11, "C", state: "in")
    try world.settle()
    let found = try world[1].violations()
    #expect(found.map(\.kind) == [.state, .state])
    #expect(found.map(\.values) == [[.text("eaten")], [.text("lost")]])
    #expect(try world[1].violationCounts().map(\.count) == [2])
    #expect(try world[1].violations(limit: 1).count == 1)
    try put(
      world, 11, Rules.books, in: 11, .text("B"), [ColumnValue(ColumnID(3), .text("today"))])
    try world.settle()
    #expect(try world[1].violations().map(\.values) == [[.text("eaten")]])
  }

  @Test func `violations are in no stream and no digest`() throws {
    let world = try World([1, 10, 11, 12], schema: try Rules.schema())
    try book(world, 11, in: 11, "A", isbn: "978")
    try book(world, 12, in: 12, "B", isbn: "978")
    try world.settle()
    let before = try world[1].streams.map { try world[1].summary(of: $0) }
    _ = try world[1].violations()
    #expect(try world[1].streams.map { try world[1].summary(of: $0) } == before)
    try world.expectAgreement()
  }

  @Test func `rules that differ between versions change no row`() throws {
    let later = try Rules.schema(version: 2, hasRules: false)
    let world = try World([1, 10, 11], schema: try Rules.schema(), schemas: [1: later])
    try book(world, 11, in: 11, "A", state: "eaten")
    try world.settle()
    #expect(try world[10].violations().count == 1)
    #expect(try world[1].violations().isEmpty)
    let stream = StreamID(scope: try #require(Scope(code: 11)), channel: .both)
    let digests = try [1, 10, 11].map { try world[$0].summary(of: stream).digest }
    #expect(Set(digests).count == 1)
  }

  @Test func `rules that name what is not there are refused with the schema`() {
    func make(_ rule: RowRule) throws {
      _ = try Schema(
        version: 1,
        tables: [
          TableDeclaration(
            id: TableID(9), name: "things", scopeColumn: "place",
            key: [KeyColumn(name: "id", kind: .integer)],
            columns: [ColumnDeclaration(id: 1, name: "word", kind: .text)], rules: [rule])
        ])
    }
    for kind in [
      RowRule.Kind.unique([]), .unique(["colour"]), .reference(["word"], to: TableID(8)),
      .reference([], to: TableID(9)), .states("word", []),
      .states("word", [RowRule.State(.null, needs: ["colour"])]),
    ] {
      #expect(throws: Schema.Invalid.self, "\(kind)") { try make(RowRule("rule", kind)) }
    }
    #expect(throws: Schema.Invalid.self) { try make(RowRule("Rule x", .unique(["word"]))) }
    #expect(throws: Never.self) { try make(RowRule("self", .reference(["id"], to: TableID(9)))) }
  }
}
