import Inspection
import Terminal

/// What `tributary draw verify` prints.
struct DrawReport: Encodable {
  struct Step: Encodable {
    /// From 1; absent for the record as a whole.
    let draw: Int?
    let step: String
    let chineseName: String
    /// `passed`, `failed`, `not_checked`, `not_applicable`.
    let verdict: String
    let reason: String?
  }

  struct Company: Encodable {
    let draw: Int
    let key: String
    let outcome: String
    let status: String
  }

  struct Key: Encodable {
    let role: String
    let name: String
    let publicKey: String
  }

  let unit: String
  let year: Int
  let draws: Int
  let passed: Int
  let failed: Int
  let notChecked: Int
  let keys: [Key]
  let steps: [Step]
  let companies: [Company]

  init(_ record: DrawRecord, _ findings: [DrawFinding], _ proofs: [ObjectProof]) {
    unit = record.unit
    year = Int(record.year)
    draws = record.draws.count
    keys = record.keys.map {
      Key(role: $0.role.rawValue, name: $0.name, publicKey: $0.publicKey.text)
    }
    steps = findings.map { finding in
      let (verdict, reason): (String, String?) =
        switch finding.verdict {
        case .passed: ("passed", nil)
        case .failed(let fault): ("failed", fault.text)
        case .unchecked(.notPart): ("not_applicable", DrawGap.notPart.text)
        case .unchecked(let gap): ("not_checked", gap.text)
        }
      return Step(
        draw: finding.draw.map { $0 + 1 }, step: finding.step.rawValue,
        chineseName: finding.step.chineseName, verdict: verdict, reason: reason)
    }
    passed = steps.count { $0.verdict == "passed" }
    failed = steps.count { $0.verdict == "failed" }
    notChecked = steps.count { $0.verdict == "not_checked" }
    companies = proofs.flatMap { proof in
      record.draws.enumerated().compactMap { index, draw in
        guard draw.commit.entries.contains(where: { $0.frame == proof.header.hash }) else {
          return nil
        }
        let outcome = proof.outcome(in: draw)
        return Company(
          draw: index + 1, key: proof.row.key, outcome: outcome.text,
          status: outcome.name)
      }
    }
  }

  var text: String {
    var text = "unit \(unit), \(year): \(draws) draws\n"
    for key in keys { text += "  key of \(key.role) (\(key.name)): \(key.publicKey)\n" }
    text += "  compare these keys with those that you trust; the record cannot vouch for them\n\n"
    var table = TextTable(
      [.init("draw"), .init("step"), .init("步骤"), .init("verdict"), .init("why")],
      cellLimit: 100)
    for step in steps {
      table.append([
        step.draw.map { "\($0)" } ?? "all", step.step, step.chineseName,
        step.verdict.replacing("_", with: " "), step.reason ?? "",
      ])
    }
    text += table.text + "\n"
    for company in companies {
      text += "draw \(company.draw): \(company.key) \(company.outcome)\n"
    }
    let verdict =
      failed > 0
      ? "NOT SOUND 不成立" : notChecked > 0 ? "sound as far as published 已公布部分成立" : "sound 成立"
    return text + "\(verdict): \(passed) passed, \(failed) failed, \(notChecked) not checked\n"
  }
}

extension DrawStep {
  /// What the step is called in Chinese.
  fileprivate var chineseName: String {
    switch self {
    case .anchors: "年度锚定值"
    case .items: "抽查事项清单"
    case .frame: "名录快照"
    case .counts: "分层户数"
    case .roster: "名录变动"
    case .parameters: "抽取参数"
    case .caps: "比例上限"
    case .commit: "承诺"
    case .signatures: "双人签名"
    case .acknowledgement: "上级回执"
    case .seed: "随机种子"
    case .quotas: "应抽户数"
    case .ranking: "排序与阈值"
    case .selection: "抽取结果"
    case .batches: "批次"
    case .result: "结果摘要"
    case .shares: "任务分派"
    case .matching: "人员匹配"
    case .chain: "重抽与作废"
    }
  }
}

extension DrawGap {
  fileprivate var text: String {
    switch self {
    case .rowsNotPublished: "the rows are not published"
    case .previousFrameMissing: "the rows of the frame before are not in the record"
    case .noWitness: "PENDING: no hub has made this frame again, and there is none before it"
    case .notRevealed: "the values are secret until the visits end"
    case .notPart: "the draw has none"
    case .afterFailure: "a step before failed"
    }
  }
}

extension ObjectProof.Outcome {
  fileprivate var name: String {
    switch self {
    case .notInFrame: "not_in_frame"
    case .excluded: "excluded"
    case .drawn: "drawn"
    case .notDrawn: "not_drawn"
    case .atThreshold: "at_threshold"
    case .notRevealed: "not_revealed"
    }
  }

  fileprivate var text: String {
    switch self {
    case .notInFrame: "is not in the frame that was committed 不在名录快照中"
    case .excluded(let status): "was not to be drawn (\(status)) 不纳入抽取"
    case .drawn: "was drawn, as its number says 应抽中"
    case .notDrawn: "was not drawn, as its number says 应未抽中"
    case .atThreshold: "stands at the threshold: the whole roster is needed 与阈值相同"
    case .notRevealed: "is in the frame; the draw is secret until the visits end 尚未公布"
    }
  }
}
