import Terminal
import Testing

@Suite("Text for terminals")
struct WidthTests {
  @Test(
    "Wide characters take two columns, combining marks none",
    arguments: [
      ("", 0), ("abc", 3), ("昆明市", 6), ("五华区530102", 12), ("ａｂ", 4), ("ｱ", 1), ("e\u{301}", 1),
      ("한글", 4), ("\u{1F600}", 2), ("\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}", 2),
      ("\u{2764}\u{FE0F}", 2), ("é–…", 3), ("、。", 4), ("\u{20BB7}", 2), ("(甲)", 4), ("─█·", 3),
    ])
  func width(_ text: String, _ columns: Int) {
    #expect(DisplayWidth.columns(of: text) == columns)
  }

  @Test("What is too long is cut at a character and marked")
  func truncation() {
    #expect(DisplayWidth.truncated("昆明市", to: 6) == "昆明市")
    #expect(DisplayWidth.truncated("昆明市五华区", to: 6) == "昆明…")
    #expect(DisplayWidth.truncated("昆明市五华区", to: 5) == "昆明…")
    #expect(DisplayWidth.truncated("abcdef", to: 1) == "…")
  }

  @Test("Control characters and turned writing are made visible")
  func visible() {
    #expect("a\u{1B}[31mb\nc".visible == #"a\u{1B}[31mb\nc"#)
    #expect("\u{202E}cod".visible == #"\u{202E}cod"#)
    #expect("五华区 café".visible == "五华区 café")
  }

  @Test("A table aligns wide and narrow cells and numbers on the right")
  func table() {
    var table = TextTable([.init("node"), .init("rows", .right), .init("note")])
    table.append(["五华区", "1,000", ""])
    table.append(["Pu'er", "7", "a\tb"])
    table.appendRule()
    table.append(["", "1,007", "all"])
    #expect(
      table.text == """
        node     rows  note
        ──────  ─────  ────
        五华区  1,000
        Pu'er       7  a\\tb
        ──────  ─────  ────
                1,007  all

        """)
  }

  @Test("A long cell is cut")
  func longCell() {
    var table = TextTable([.init("a")], cellLimit: 4)
    table.append(["一二三四"])
    #expect(table.text == "a\n───\n一…\n")
  }
}
