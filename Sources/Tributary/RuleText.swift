import Inspection

/// Breaches of the rules in words: the clause, the row, and what is wrong with it.
enum RuleText {
  /// `二(五) R-2.16, 530102-2026-0001: 事项 Y0101 抽查比例 6.00% 超过上限 5.00%`.
  static func text(_ breach: RuleBreach) -> String {
    let requirement = breach.requirement
    return "\(requirement.clause) \(requirement.rawValue), \(breach.row): \(text(breach.rule))"
  }

  private static func percent(_ basisPoints: Int) -> String {
    let rest = basisPoints % 100
    return "\(basisPoints / 100).\(rest < 10 ? "0" : "")\(rest)%"
  }

  private static func text(_ rule: RuleBreach.Rule) -> String {
    switch rule {
    case .missing(let field): "缺少“\(field)”"
    case .malformed(let field, let value): "“\(field)”的值“\(value)”不合格式"
    case .notOneOf(let field, let value, let codes):
      "“\(field)”的值“\(value)”应为 \(codes.joined(separator: "、")) 之一"
    case .noValidBasis(let date): "\(date) 没有有效的检查依据"
    case .itemNotListed(let code): "事项 \(code) 不在本辖区现行清单中"
    case .itemListedAlready(let code): "事项 \(code) 已在清单中"
    case .classChanged(let code): "不得改变省级事项 \(code) 的类别"
    case .legalTextChanged(let code): "不得改变省级事项 \(code) 的名称或依据"
    case .capRaised(let code, let from, let to):
      "事项 \(code) 的比例上限只能收紧：\(percent(from)) → \(percent(to))"
    case .capOnKeyItem(let code): "重点检查事项 \(code) 不设比例上限"
    case .methodsWidened(let code, let methods):
      "事项 \(code) 的检查方式只能缩减，多出 \(methods.joined(separator: "、"))"
    case .withdrawnBeforeCommit(let code): "事项 \(code) 已撤出清单，任务须重新计划"
    case .ratioAboveCap(let item, let ratio, let cap):
      "事项 \(item) 抽查比例 \(percent(ratio)) 超过上限 \(percent(cap))"
    case .ratioOutOfRange(let ratio): "抽查比例 \(ratio)/10000 不在 0 至 10000 之间"
    case .batchOrderNeeded(let ratio, let threshold):
      "抽查比例 \(percent(ratio)) 达到 \(percent(threshold))，应随机确定批次顺序"
    case .teamTooSmall(let size): "每户检查人员 \(size) 人，至少 2 人"
    default: text(ofWork: rule)
    }
  }

  private static func text(ofWork rule: RuleBreach.Rule) -> String {
    switch rule {
    case .windowReversed(let from, let to): "检查期限 \(from) 至 \(to) 前后颠倒"
    case .datesReversed(let from, let to): "\(to) 早于 \(from)，或尚未到来"
    case .windowOutsideYear(let year): "检查期限不在 \(year) 年内"
    case .filterOnUnpublishedField(let field): "筛选条件用了未公开的字段 \(field)"
    case .filterOnDrawOfAll: "不定向抽查不得设筛选条件"
    case .notBelow(let unit): "实施单位 \(unit) 不是本单位的下级"
    case .libraryMissing(let library): "检查对象库 \(library) 未开设（tributary roster library）"
    case .planDiffers(let task): "任务 \(task) 的抽取参数与已签发的计划不符"
    case .requirementUnmet(let id, let item): "抽查要求 \(id)（事项 \(item)）没有任务，也没有理由"
    case .requirementFixedAbove(let id): "总局统一要求 \(id) 必须安排任务"
    case .taskDeletedAfterDraw(let task, let state):
      "任务 \(task) 状态为 \(state)，不得删改，只能说明理由并经批准后终止"
    case .taskCodeRepeated(let task): "任务编号 \(task) 重复"
    case .terminationWithoutReason(let task): "终止任务 \(task) 须有理由和批准人"
    case .nonRandomOnListedItem(let item): "清单内事项 \(item) 应以双随机方式检查"
    case .duplicateDeployment(let other, let items):
      "与任务 \(other) 重复部署事项 \(items.joined(separator: "、"))"
    case .illegalTransition(let machine, let from, let to): "\(machine) 不得由 \(from) 变为 \(to)"
    case .visitsOpen(let count): "还有 \(count) 项检查或结果未办结"
    default: text(ofResult: rule)
    }
  }

  private static func text(ofResult rule: RuleBreach.Rule) -> String {
    switch rule {
    case .tooFewInspectors(let count): "有效签名的执法人员 \(count) 人，至少 2 人"
    case .signerNotOnTeam(let inspector): "签名人 \(inspector) 不在检查组"
    case .signerNotInspector(let inspector): "专家 \(inspector) 不得作为执法人员签名"
    case .certificateExpired(let inspector, let validTo):
      validTo.isEmpty ? "\(inspector) 没有执法证" : "\(inspector) 的执法证有效期至 \(validTo)"
    case .directWithoutShortage: "随机匹配未记录人员不足，不得直接委派或邻区匹配"
    case .neighbourWithoutLetter: "邻区匹配须有协助函号"
    case .findingsEmpty: "没有检查结果"
    case .findingsExclude(let code, let others):
      "检查结果 \(code) 不得与 \(others.joined(separator: "、")) 同选"
    case .methodNotAllowed(let method): "该事项不得采用检查方式 \(method)"
    case .methodNeedsInspectors(let method): "检查方式 \(method) 须有两名执法人员"
    case .mandatoryQuestionOpen(let question): "必答项 \(question) 未填"
    case .checkedOutsideWindow(let date): "检查日期 \(date) 不在检查期限内"
    case .changedAfterFinal(let state): "结果状态为 \(state)，只能追加更正"
    case .exemptionWithoutGround: "不公开须有法律依据和批准人"
    case .endReplaced(let demanded, let outcome): "须以 \(demanded) 办结，不得以 \(outcome) 代替"
    case .noGroundWithoutApproval: "不予列入须有法律理由和批准人"
    case .notOwner(let unit, let owner) where unit == owner: "\(unit) 是本单位，须由上级办理"
    case .notOwner(let unit, let owner): "\(unit) 不是责任单位，责任单位是 \(owner)"
    case .offerOutdated: "移交内容已变更，须重新提出"
    case .late(let due, let done): "应于 \(due) 前办理，实际 \(done)"
    default: text(ofDraw: rule)
    }
  }

  private static func text(ofDraw rule: RuleBreach.Rule) -> String {
    switch rule {
    case .barrierMissing: "本节点没有省局发布的名录基线，先同步或请省局发布（tributary draw barrier）"
    case .barrierNotCovered(let stream, let has, let needs):
      "名录未达省局基线：\(stream) 已有 \(has)，应有 \(needs)，先同步"
    case .anchorMissing(let unit, let year):
      "\(unit) 未公布 \(year) 年的抽取承诺值（tributary draw anchor）"
    case .redrawWithoutVoid(let task, let sequence):
      "任务 \(task) 第 \(sequence) 次抽取未经上级作废，不得重抽"
    case .drawVoided(let draw): "抽取 \(draw) 已由上级作废，不得据此检查"
    case .shareVoided(let unit, let draw):
      "\(unit) 的抽取 \(draw) 已由上级作废，其分派的对象不再检查，待重新抽取分派"
    case .outdatedList(let committed, let known):
      "按清单 \(committed) 承诺，而冻结名录时已收到清单 \(known)"
    case .valueTaken(let index, let other): "第 \(index) 个承诺值已用于承诺 \(other)"
    case .signatureInvalid(let role): "\(role) 的签名无效"
    case .frameDiffers(let frame): "上级按同一切面重建的名录与 \(frame) 不一致"
    case .avoidanceDiffers: "上级按同一切面重建的回避名单与抽取参数不一致"
    case .notAcknowledged(let commit): "承诺 \(commit) 尚无上级确认"
    case .lentElsewhere(let inspector, let unit): "\(inspector) 在此期间已共享给 \(unit)"
    case .draw(let error): text(error)
    default: "\(rule)"
    }
  }

  private static func text(_ error: FilterError) -> String {
    switch error {
    case .length(let bytes): "共 \(bytes) 字节，最多 \(DrawLimits.filterBytes)"
    case .depth(let position): "第 \(position) 个字符处括号过深"
    case .unexpected(let found, let position): "第 \(position) 个字符处不应为“\(found)”"
    case .end: "不完整"
    case .unknownField(let field, let position):
      "第 \(position) 个字符处的“\(field)”不是已公开的字段（"
        + FilterField.allCases.map(\.rawValue).joined(separator: "、") + "）"
    case .relation(let field, let relation, let position):
      "第 \(position) 个字符处：\(field.rawValue) 不能用“\(relation)”"
    case .date(let text, let position): "第 \(position) 个字符处的“\(text)”不是日期 YYYY-MM-DD"
    }
  }

  private static func text(_ error: DrawError) -> String {
    switch error {
    case .filter(let error): "筛选条件不合格式：\(text(error))"
    case .capConflict(let cap, let floors):
      "上限为 \(cap) 户，而各类各抽至少一户共需 \(floors) 户：在计划中减少类别，或与其他任务合并"
    case .capAbove(let cap, let allowed):
      "抽取总数上限 \(cap == .max ? "未设" : "\(cap) 户")，一般检查事项最多 \(allowed) 户"
    case .batchOrderNeeded(let share, let threshold):
      "抽查比例 \(percent(Int(clamping: share))) 达到 \(percent(Int(threshold)))，应随机确定批次顺序"
    case .pairOfOne(let unit): "\(unit) 没有可互查的单位"
    default: "抽取参数或名录不合规则：\(error.text)"
    }
  }
}
