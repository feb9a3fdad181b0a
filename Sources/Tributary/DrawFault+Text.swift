import Inspection

extension DrawFault {
  /// What failed, for people.
  var text: String {
    switch self {
    case .format(let what): "unknown or foreign: \(what)"
    case .missingKey(let role): "the record has no key of the \(role.rawValue)"
    case .sameSigner: "operator and supervisor are one key: two persons must sign"
    case .signature(let role): "the signature of the \(role.rawValue) does not fit"
    case .hashDiffers(let stated, let computed): "stated \(stated), computed \(computed)"
    case .rootDiffers(let stated, let computed):
      "the rows are not those committed: root \(stated), computed \(computed)"
    case .rowCount(let stated, let found): "\(stated) rows stated, \(found) found"
    case .countsDiffer(let stratum): "the counts of stratum \(stratum) do not fit"
    case .rows(let error): error.text
    case .removedUnexplained(let key):
      "\(key) was in the frame before and is gone without reason and author"
    case .removalUnfounded(let key): "\(key) is said to be removed and is not"
    case .witnessDiffers(let root): "MISMATCH: the hub's roster at the same cut gives \(root)"
    case .unknownItem(let code): "item \(code) is not in the list (二(一))"
    case .rule(let error): error.text
    case .notCommitted(let hash): "not what was committed, or not in the record: \(hash)"
    case .noAcknowledgement: "the grade needs an acknowledgement of the hub"
    case .notAnchored(let role, let index):
      "value \(index) is not the one that the \(role.rawValue) fixed at the start of the year"
    case .grade(let stated, let computed):
      "grade \(stated.rawValue) stated, it is \(computed.rawValue)"
    case .publicValue: "the public value has not the form of its source, or another reference"
    case .quota(let stratum, let stated, let computed):
      "stratum \(stratum): \(stated) drawn, the parameters give \(computed)"
    case .order(let stratum, let rank, let stated, let computed):
      "stratum \(stratum), rank \(rank): \(stated ?? "nobody") instead of \(computed ?? "nobody")"
    case .threshold(let stratum): "the threshold of stratum \(stratum) is another"
    case .reserves(let stratum): "the reserves of stratum \(stratum) are others"
    case .unitRows(let unit): "the rows of unit \(unit) are not those committed"
    case .share(let unit): "what unit \(unit) got is not what was drawn of its roster"
    case .batch(let number): "batch \(number) is another"
    case .team(let object): "the team for \(object) is not the one that was drawn (二(五))"
    case .appointment(let object):
      "the appointment for \(object) lacks a shortage, a reason or an approver (二(五))"
    case .expert(let id): "\(id) is an inspector of the pool and no expert"
    case .sequenceGap(let task, let missing): "task \(task): draw \(missing) is missing"
    case .sequenceTwice(let task, let sequence): "task \(task) has two draws \(sequence)"
    case .redrawnWithoutVoid(let task, let sequence):
      "task \(task): draw \(sequence) follows one that no superior voided"
    case .valueTwice(let index): "two commits took value \(index)"
    case .valueSkipped(let index): "no draw took value \(index): a draw is hidden"
    }
  }
}

extension DrawError {
  /// What is wrong, with the clause, for people.
  var text: String {
    switch self {
    case .capAbove(let cap, let allowed):
      "a general item is capped (二(五)): total cap \(cap == .max ? "none" : "\(cap)"), allowed \(allowed)"
    case .capConflict(let cap, let floors): "the floors need \(floors), the cap is \(cap)"
    case .batchOrderNeeded(let share, let threshold):
      "\(share) basis points are drawn: from \(threshold) on the draw decides batches (二(五))"
    case .unknownStratum(let key, let stratum): "\(key): stratum \(stratum) has no ratio"
    case .pairOfOne(let stratum): "\(stratum) has one unit: nobody can check it"
    case .duplicateKey(let key): "\(key) stands twice"
    default: "\(self)"
    }
  }
}
