import Foundation
import Simulator
import Testing

struct CorpusTests {
  @Test func `every bad history is flagged by its checker, and its clean twin by none`() throws {
    let outcomes = try Corpus.run()
    #expect(outcomes.count { $0.expected != nil } >= 60)
    #expect(outcomes.count { $0.expected == nil } >= 60)
    for outcome in outcomes {
      let (found, expected) = (outcome.found ?? "none", outcome.expected ?? "none")
      #expect(outcome.isRight, "\(outcome.name): \(found), not \(expected); \(outcome.detail)")
    }
  }

  @Test func `every planted bug has its place in the sources`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let list = try String(
      contentsOf: root.appendingPathComponent("Sim/mutants.txt"), encoding: .utf8)
    let mutants = list.components(separatedBy: "\nmutant ").dropFirst()
    #expect(mutants.count >= 60)
    for mutant in mutants {
      let lines = mutant.components(separatedBy: "\n")
      let words = lines[0].split(separator: " ")
      let old = lines.filter { $0.hasPrefix("- ") }.map { String($0.dropFirst(2)) }
        .joined(separator: "\n")
      let source = try String(
        contentsOf: root.appendingPathComponent(String(words[1])), encoding: .utf8)
      #expect(
        source.components(separatedBy: old).count == 2, "\(words[0]): once in \(words[1])")
    }
  }
}
