/// Several engines through the same phases in turn, several times over.
///
/// Absolute times move by a factor of two with the hour; only ratios of results that were measured next
/// to each other count (performance.md). So raw runs before and after the others, phase by phase.
package struct PairedRun: Sendable {
  /// The results of each repetition, in the order measured.
  package private(set) var repetitions: [[PhaseResult]] = []

  package init(repetitions: [[PhaseResult]] = []) { self.repetitions = repetitions }

  /// Runs `repetitions` times the phases with fresh engines; `engines` makes them in the order in which
  /// they run each phase. Calls `progress` with every result.
  package mutating func measure(
    phases: [BenchPhase], repetitions count: Int,
    engines: (_ repetition: Int) throws(BenchError) -> [any BenchEngine],
    progress: (PhaseResult) -> Void
  ) throws(BenchError) {
    for repetition in 0..<count {
      let engines = try engines(repetition)
      var results: [PhaseResult] = []
      for phase in phases {
        for engine in engines {
          guard let result = try engine.run(phase) else { continue }
          results.append(result)
          progress(result)
        }
      }
      repetitions.append(results)
    }
  }

  /// Whether an engine was measured at all.
  package func has(_ engine: String) -> Bool {
    repetitions.contains { $0.contains { $0.engine == engine } }
  }

  /// The median over the repetitions of an engine's mean; nil when it was not measured.
  package func median(
    _ engine: String, _ phase: BenchPhase, _ value: (PhaseResult) -> Double
  ) -> Double? {
    Self.median(repetitions.compactMap { Self.mean($0, engine, phase, value) })
  }

  /// The median over the repetitions of engine ÷ baseline, each the mean of its results in one
  /// repetition; nil when one was not measured.
  package func ratio(
    _ engine: String, to baseline: String, _ phase: BenchPhase, _ value: (PhaseResult) -> Double
  ) -> Double? {
    let ratios: [Double] = repetitions.compactMap { results in
      guard let above = Self.mean(results, engine, phase, value),
        let below = Self.mean(results, baseline, phase, value), below > 0
      else { return nil }
      return above / below
    }
    return Self.median(ratios)
  }

  /// How far raw is from itself: the largest ratio of its two results of one phase, a measure of noise.
  package func spread(of engine: String, _ value: (PhaseResult) -> Double) -> Double? {
    var largest: Double?
    for results in repetitions {
      for phase in BenchPhase.allCases {
        let values = results.filter { $0.engine == engine && $0.phase == phase }.map(value)
        guard let low = values.min(), let high = values.max(), values.count > 1, low > 0.01
        else { continue }
        largest = max(largest ?? 1, high / low)
      }
    }
    return largest
  }

  private static func mean(
    _ results: [PhaseResult], _ engine: String, _ phase: BenchPhase,
    _ value: (PhaseResult) -> Double
  ) -> Double? {
    let values = results.filter { $0.engine == engine && $0.phase == phase }.map(value)
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  private static func median(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
