import Testing

/// The rules find what they should and nothing else.
@Suite("The rules of tidiness work")
struct RuleTests {
  private func file(_ text: String, _ path: String = "Sources/Causality/A.swift") -> SwiftFile {
    SwiftFile(path: path, text: text)
  }

  @Test("Comments, strings and regular expressions are no code; interpolations are")
  func scanning() {
    let source = ##"""
      let a = "try! \(b + "as! \(c)") x" // fatalError
      /* one /* two */ Date() */ let d = #"\(no) \#(yes) ""#
      let e = """
        "Date()" \(f)
        """
      let g = /"[a-z]"\// ; let h = 1 / 2
      """##
    let words = SwiftScanner(source).tokens.filter(\.isWord).map(\.text)
    #expect(
      words == [
        "let", "a", "b", "c", "let", "d", "yes", "let", "e", "f", "let", "g", "let", "h", "1", "2",
      ])
    #expect(SwiftScanner(source).tokens.last?.line == 6)
    #expect(SwiftScanner(source).comments.keys.sorted() == [1, 2])
  }

  @Test("An import against the arrows is found, one along them is not")
  func imports() {
    let bad = file("package import Causality\nimport Foundation\nimport struct Store.Replica\n")
    #expect(ImportRule.findings(in: bad).map(\.line) == [1, 2, 3])
    let good = file("package import Causality\nimport Changes\n", "Sources/Merge/A.swift")
    #expect(ImportRule.findings(in: good).isEmpty)
    let unknown = file("import Causality\n", "Sources/Unheard/A.swift")
    #expect(ImportRule.findings(in: unknown).count == 1)
    let test = file("@testable import Store\n", "Tests/StoreTests/A.swift")
    #expect(ImportRule.findings(in: test).count == 1)
  }

  @Test("No engine module may import what knows of inspections or people")
  func engine() {
    for name in [
      "Causality", "Changes", "Merge", "Wire", "Replication", "Store", "Transport", "Node",
    ] {
      let allowed = ImportRule.table[name] ?? []
      #expect(
        allowed.isDisjoint(with: ["Inspection", "Casework", "Portal", "Terminal", "Tributary"]),
        "\(name)")
    }
  }

  @Test("A long function is found; a requirement of a protocol has no length")
  func sizes() {
    let long =
      "func f(\n  _ g: () -> Void = { }\n) {\n" + String(repeating: "  a()\n", count: 67) + "}\n"
    #expect(SizeRule.findings(in: file(long)).map(\.line) == [1])
    let short = long.replacing("  a()\n", with: "", maxReplacements: 1)
    #expect(SizeRule.findings(in: file(short)).isEmpty)
    let requirement = "protocol P {\n  func f() -> Int\n}\nstruct S {\n"
    let body = String(repeating: "  let a = 1\n", count: 80)
    #expect(SizeRule.findings(in: file(requirement + body + "}\n")).isEmpty)
    #expect(SizeRule.findings(in: file(String(repeating: "\n", count: 501))).map(\.line) == [501])
  }

  @Test(
    "A banned call is found",
    arguments: [
      "let a = Date()", "let a = UUID()", "let a = Int.random(in: 0...1)", "Task { }",
      "let a: Double",
      "a.hashValue", "fatalError()", "try! f()", "a as! B", "a[1]!.b", "print(1)", "let a: Int!",
      "do { } catch {\n}", "final class A: @unchecked Sendable {}", "let a = try? f()",
      "// \("TO" + "DO"): later",
    ])
  func bannedCalls(_ text: String) {
    #expect(BannedCallRule.findings(in: file(text + "\n")).count == 1, "\(text)")
  }

  @Test(
    "What only looks like a banned call is not found",
    arguments: [
      "let a = Date(timeIntervalSince1970: 0)",
      "Int.random(in: 0...f(1), using: &g)",
      "if a != b, !c {}", "a.print(1)", "func print(_ a: Int) {}",
      "let a = try? f()  // none is fine",
      "do { } catch {\n// nothing was written\n}", "let a = \"fatalError()\"", "let b = a !== c",
    ])
  func allowedCalls(_ text: String) {
    #expect(BannedCallRule.findings(in: file(text + "\n")).isEmpty, "\(text)")
  }

  @Test("A type without a text is found; attributes may stand between")
  func documentation() {
    let source = """
      /// Documented.
      @frozen
      package struct A {
        package let b: Int
        package func c() -> Int { 1 }
        package func d() -> Int {
          1
        }
        package static func < (l: A, r: A) -> Bool {
          true
        }
      }
      package enum E {}
      package import Causality
      /// Documented.
      package protocol P {
        func f()
        /// Documented.
        func g()
      }
      extension A: P {
        package func f() {
        }
      }
      """
    #expect(DocumentationRule.findings(in: [file(source)]).map(\.line) == [17, 6, 13])
  }

  @Test("Links and anchors are read as GitHub reads them")
  func links() {
    let page = "# A b: `c`!\n[x](y.md#z) `[no](no)`\n```\n[no](no)\n```\n[w](<v> \"t\")\n"
    #expect(PageRule.links(in: page).map(\.target) == ["y.md#z", "<v>"])
    #expect(PageRule.anchors(in: page) == ["a-b-c"])
  }
}
