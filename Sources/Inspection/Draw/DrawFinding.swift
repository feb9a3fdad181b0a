/// The steps of checking a draw, in order. Source: Protocol/10-Draw.md §12.
package enum DrawStep: String, Hashable, Sendable, CaseIterable, Codable {
  case anchors, items, frame, counts, roster, parameters, caps, commit, signatures
  case acknowledgement, seed, quotas, ranking, selection, batches, result, shares, matching, chain
}

/// Why a step failed; the facts are for the text that people see.
package enum DrawFault: Error, Hashable, Sendable {
  case format(String)
  case missingKey(DrawRecord.Role)
  case sameSigner
  case signature(DrawRecord.Role)
  case hashDiffers(stated: DrawHash, computed: DrawHash)
  case rootDiffers(stated: DrawHash, computed: DrawHash)
  case rowCount(stated: UInt64, found: UInt64)
  case countsDiffer(stratum: String)
  case rows(DrawError)
  /// In the frame before, not in this one, and not accounted for.
  case removedUnexplained(key: String)
  /// Said to be removed, but it is there, or was not before.
  case removalUnfounded(key: String)
  /// The hub's replica at the same cut gives another frame.
  case witnessDiffers(DrawHash)
  case unknownItem(String)
  case rule(DrawError)
  case notCommitted(DrawHash)
  case noAcknowledgement
  case notAnchored(DrawRecord.Role, index: UInt32)
  case grade(stated: SeedGrade, computed: SeedGrade)
  case publicValue
  case quota(stratum: String, stated: UInt32, computed: UInt64)
  /// Rank from 1.
  case order(stratum: String, rank: Int, stated: String?, computed: String?)
  case threshold(stratum: String)
  case reserves(stratum: String)
  case batch(Int)
  /// The rows of a unit in a frame of several are not those that were committed.
  case unitRows(unit: String)
  /// A unit's share is not what was drawn of its rows, or not what it visited.
  case share(unit: String)
  case team(object: String)
  case appointment(object: String)
  case expert(String)
  case sequenceGap(task: TaskID, missing: UInt32)
  case sequenceTwice(task: TaskID, sequence: UInt32)
  /// A draw followed another that nobody voided.
  case redrawnWithoutVoid(task: TaskID, sequence: UInt32)
  case valueTwice(index: UInt32)
  case valueSkipped(index: UInt32)
}

/// Why a step could not be checked: nothing failed, but nothing is proved either.
package enum DrawGap: Hashable, Sendable {
  /// The frame's rows are not published.
  case rowsNotPublished
  /// The frame before is not in the record.
  case previousFrameMissing
  /// No hub has made the frame again yet: PENDING.
  case noWitness
  /// The values are secret until the visits end.
  case notRevealed
  /// The draw has nothing of the kind.
  case notPart
  /// A step before failed.
  case afterFailure
}

/// What one step of checking gave.
package struct DrawFinding: Hashable, Sendable {
  /// How a step ended.
  package enum Verdict: Hashable, Sendable {
    case passed
    case failed(DrawFault)
    case unchecked(DrawGap)
  }

  /// Which draw of the record, from 0; nil for the record as a whole.
  package let draw: Int?
  package let step: DrawStep
  package let verdict: Verdict

  package init(draw: Int?, step: DrawStep, verdict: Verdict) {
    self.draw = draw
    self.step = step
    self.verdict = verdict
  }

  /// The fault, when the step failed.
  package var fault: DrawFault? { if case .failed(let fault) = verdict { fault } else { nil } }
}
