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

  /// Adds the problems of another list; those that are listed are then in the order of lines.
  package mutating func append(_ other: ProblemList) {
    rejectedCount += other.rejectedCount
    warningCount += other.warningCount
    let all = (listed + other.listed).sorted { $0.line < $1.line }
    listed = Array(all.prefix(RosterLimits.problemsListed))
  }
}
