/// The problems of a file: the first `RosterLimits.problemsListed` of them, and how many there were.
package struct ProblemList: Hashable, Sendable {
  /// In the order in which they were found.
  package private(set) var listed: [LineProblem] = []
  /// Lines that did not go in.
  package private(set) var rejectedCount = 0
  /// Things to look at in lines that went in.
  package private(set) var warningCount = 0

  package init() {}

  /// Counts a problem, and lists it while there is room.
  package mutating func append(_ problem: LineProblem) {
    if problem.isWarning { warningCount += 1 } else { rejectedCount += 1 }
    if listed.count < RosterLimits.problemsListed { listed.append(problem) }
  }
}
