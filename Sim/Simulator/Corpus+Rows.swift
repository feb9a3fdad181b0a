import Causality
import Changes

/// Histories of what rows show, and of conflicts.
extension Corpus {
  private static let text = Value.text("a")
  private static let other = Value.text("b")

  static let rows: [Pair] = [
    Pair("S10", "equal knowledge has two digests") { story, isBad in
      story.write(2, 1, in: 2)
      story.apply(1, story.dot(2, 1, in: 2))
      for node in [2, 1] {
        story.facts.append(
          .knows(
            node: node, stream: story.stream(2), known: story.vector([2: 1]),
            digest: [isBad ? UInt8(node) : 1]))
      }
    },
    Pair("S10", "a value is not the one written") { story, isBad in
      story.write(2, 1, in: 2, put: [1: text])
      story.show(
        2, scope: 2, alive: [(2, 1)], dots: [1: [(2, 1)]], values: [1: isBad ? other : text])
    },
    Pair("S10", "a row that lives is not shown") { story, isBad in
      story.write(2, 1, in: 2, put: [1: text])
      if isBad {
        story.showNothing(2, scope: 2)
      } else {
        story.show(2, scope: 2, alive: [(2, 1)], dots: [1: [(2, 1)]], values: [1: text])
      }
    },
    Pair("S10", "the earlier of two concurrent values is shown") { story, isBad in
      story.write(2, 1, in: 2, at: 9, put: [1: text])
      story.write(1, 1, in: 2, at: 4, put: [1: other])
      story.apply(1, story.dot(2, 1, in: 2))
      story.show(
        1, scope: 2, alive: [(2, 1), (1, 1)], dots: [1: [(2, 1), (1, 1)]],
        values: [1: isBad ? other : text])
    },
    Pair("S10", "a count is added once only") { story, isBad in
      story.write(2, 1, in: 2, put: [4: .integer(3)])
      story.write(1, 1, in: 2, put: [4: .integer(4)])
      story.apply(1, story.dot(2, 1, in: 2))
      story.show(
        1, scope: 2, alive: [(2, 1), (1, 1)], dots: [4: [(2, 1), (1, 1)]],
        values: [4: .integer(isBad ? 4 : 7)])
    },
    Pair("S10", "the smaller of two is shown where the largest counts") { story, isBad in
      story.write(2, 1, in: 2, put: [7: .integer(3)])
      story.write(1, 1, in: 2, put: [7: .integer(8)])
      story.apply(1, story.dot(2, 1, in: 2))
      story.show(
        1, scope: 2, alive: [(2, 1), (1, 1)], dots: [7: [(2, 1), (1, 1)]],
        values: [7: .integer(isBad ? 3 : 8)])
    },
    Pair("S10", "a later column is not shown after an upgrade") { story, isBad in
      story.write(2, 1, in: 2, put: [12: text])
      story.show(
        2, scope: 2, alive: [(2, 1)], dots: [12: [(2, 1)]], values: isBad ? [:] : [12: text])
    },
    Pair("S13", "a later column has a dot that nobody wrote") { story, isBad in
      story.write(2, 1, in: 2, put: [1: text])
      story.show(
        2, scope: 2, alive: [(2, 1)], dots: isBad ? [1: [(2, 1)], 12: [(2, 1)]] : [1: [(2, 1)]],
        values: [1: text])
    },
    Pair("S11", "a deleted row comes back") { story, isBad in
      story.write(2, 1, in: 2, put: [1: text])
      story.write(2, 2, in: 2, kind: .delete)
      if isBad {
        story.show(2, scope: 2, alive: [(2, 2)], dots: [1: [(2, 1)]], values: [1: text])
      } else {
        story.showNothing(2, scope: 2)
      }
    },
    Pair("S11", "a deleted row comes back where another was edited") { story, isBad in
      story.write(2, 1, in: 2, put: [1: text])
      story.apply(1, story.dot(2, 1, in: 2))
      story.write(2, 2, in: 2, kind: .delete)
      if isBad {
        story.apply(1, story.dot(2, 2, in: 2))
        story.show(1, scope: 2, alive: [(2, 1)], dots: [1: [(2, 1)]], values: [1: text])
      } else {
        story.write(1, 1, in: 2, sees: [2: 1], kind: .update, put: [1: other])
        story.apply(1, story.dot(2, 2, in: 2))
        story.show(
          1, scope: 2, alive: [(2, 2), (1, 1)], dots: [1: [(1, 1)]], values: [1: other])
      }
    },
    Pair("S13", "a concurrent value is dropped") { story, isBad in
      story.write(2, 1, in: 2, at: 9, put: [1: text])
      story.write(1, 1, in: 2, at: 4, put: [1: other])
      story.apply(1, story.dot(2, 1, in: 2))
      story.show(
        1, scope: 2, alive: [(2, 1), (1, 1)], dots: [1: isBad ? [(2, 1)] : [(2, 1), (1, 1)]],
        values: [1: text])
    },
    Pair("S13", "an overwritten value stays beside the new one") { story, isBad in
      story.write(2, 1, in: 2, put: [1: text])
      story.write(2, 2, in: 2, kind: .update, put: [1: other])
      story.show(
        2, scope: 2, alive: [(2, 2)], dots: [1: isBad ? [(2, 1), (2, 2)] : [(2, 2)]],
        values: [1: other])
    },
    Pair("S13", "a save from an old form covers what its person never saw") { story, isBad in
      story.write(2, 1, in: 2, put: [1: text])
      story.write(2, 2, in: 2, kind: .update, put: [1: other])
      story.write(2, 3, in: 2, kind: .update, put: [1: text], over: [1: [(2, 1)]])
      story.show(
        2, scope: 2, alive: [(2, 3)], dots: [1: isBad ? [(2, 3)] : [(2, 2), (2, 3)]],
        values: [1: text])
    },
    Pair("S13", "a decision leaves one of the values that it decides on") { story, isBad in
      story.write(2, 1, in: 2, put: [9: text])
      story.write(1, 1, in: 2, put: [9: other])
      story.apply(1, story.dot(2, 1, in: 2))
      story.write(
        1, 2, in: 2, sees: [2: 1], kind: .update, put: [9: text],
        over: [9: isBad ? [(1, 1)] : [(1, 1), (2, 1)]])
      story.decide(1, 2, in: 2, group: 9, between: [(1, 1), (2, 1)])
    },
    Pair("S13", "a decision of another tier replaces the owner's value") { story, isBad in
      // The owner of group 8 is the top; group 1 has none.
      let group = isBad ? 1 : 8
      story.write(0, 1, in: 2, put: [group: text])
      story.write(1, 1, in: 2, put: [group: other])
      story.apply(1, story.dot(0, 1, in: 2))
      story.write(
        1, 2, in: 2, sees: [0: 1], kind: .update, put: [group: text], over: [group: [(1, 1)]])
      story.decide(1, 2, in: 2, group: group, between: [(0, 1), (1, 1)])
    },
    Pair("S13", "a value that cannot change changes") { story, isBad in
      story.write(2, 1, in: 2, put: [6: text])
      story.write(2, 2, in: 2, kind: .update, put: [6: other], had: [6])
      story.show(
        2, scope: 2, alive: [(2, 2)], dots: [6: isBad ? [(2, 2)] : [(2, 1), (2, 2)]],
        values: [6: text])
    },
    Pair("S10", "a change of what cannot change is shown") { story, isBad in
      story.write(2, 1, in: 2, put: [6: text])
      story.write(2, 2, in: 2, kind: .update, put: [6: other], had: [6])
      story.show(
        2, scope: 2, alive: [(2, 2)], dots: [6: [(2, 1), (2, 2)]],
        values: [6: isBad ? other : text])
    },
    Pair("Q4", "a conflict is not in the inbox") { story, isBad in
      story.write(2, 1, in: 2, put: [9: text])
      story.apply(1, story.dot(2, 1, in: 2))
      story.write(2, 2, in: 2, kind: .update, put: [9: other])
      story.write(1, 1, in: 2, sees: [2: 1], kind: .update, put: [9: .text("c")])
      story.apply(1, story.dot(2, 2, in: 2))
      story.facts.append(
        .lists(node: 1, conflicts: isBad ? [:] : [story.row(2): [GroupID(9)]]))
    },
    Pair("Q4", "the inbox holds a conflict that is none") { story, isBad in
      story.write(2, 1, in: 2, put: [9: text])
      story.facts.append(
        .lists(node: 2, conflicts: isBad ? [story.row(2): [GroupID(9)]] : [:]))
    },
  ]
}
