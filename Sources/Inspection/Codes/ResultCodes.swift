/// 检查结果: what a visit found for one item. R01–R08 are the eight categories of the national publicity
/// system, the numbers are ours. Source: domain.md §3.4.
package enum Finding: String, ListedCode {
  case noProblem = "R01"
  case notPublicised = "R02"
  case falsified = "R03"
  case unreachable = "R04"
  case orderedToCorrect = "R05"
  case uncooperative = "R06"
  case noSuchActivity = "R07"
  case toBeHandled = "R08"
  case closed = "R09"
  case cancelled = "R10"
  case revoked = "R11"
  case rescinded = "R12"
  case movedOut = "R13"
  case commerceViolation = "R20"
  case foodDrugViolation = "R21"
  case qualityViolation = "R22"
  case otherDepartment = "R23"
  case otherCommerceConduct = "R24"
  case publicSecurity = "R25"

  package var title: String {
    switch self {
    case .noProblem: "未发现问题"
    case .notPublicised: "未按规定公示应当公示的信息"
    case .falsified: "公示信息隐瞒真实情况、弄虚作假"
    case .unreachable: "通过登记的住所（经营场所）无法联系"
    case .orderedToCorrect: "发现问题已责令改正"
    case .uncooperative: "不配合检查情节严重"
    case .noSuchActivity: "未发现开展本次抽查涉及的经营活动"
    case .toBeHandled: "发现问题待后续处理"
    case .closed: "已关闭停业或正在组织清算"
    case .cancelled: "注销"
    case .revoked: "被吊销"
    case .rescinded: "被撤销"
    case .movedOut: "迁出"
    case .commerceViolation: "违反工商行政管理规定"
    case .foodDrugViolation: "违反食品药品监督管理规定"
    case .qualityViolation: "违反质量技术监督规定"
    case .otherDepartment: "违反其他部门规定"
    case .otherCommerceConduct: "其他工商行为"
    case .publicSecurity: "违反公安管理规定"
    }
  }

  /// Whether the object is no more or gone, so that nothing could be checked: R10–R13.
  package var isVoidObject: Bool {
    [.cancelled, .revoked, .rescinded, .movedOut].contains(self)
  }

  /// Whether it counts as a problem found (K13): all but R01, R07, R09–R13.
  package var isProblem: Bool {
    self != .noProblem && self != .noSuchActivity && self != .closed && !isVoidObject
  }
}

/// 后续处置措施. Source: domain.md §3.4; the codes are those in use.
package enum Disposal: String, ListedCode {
  case none = "1"
  case returnedToRoutine = "2"
  case correctionTracked = "3"
  case passedToCaseOffice = "4"
  case passedToDepartment = "5"
  case other = "9"

  package var title: String {
    switch self {
    case .none: "无需后续处置"
    case .returnedToRoutine: "停止检查反馈日常监管部门"
    case .correctionTracked: "责令改正由日常监管部门跟踪"
    case .passedToCaseOffice: "移送办案机构"
    case .passedToDepartment: "抄告其他部门"
    case .other: "其他"
    }
  }
}

/// 检查方式. M1–M4 are the notice's. Source: domain.md §3.3.
package enum CheckMethod: String, ListedCode {
  case onSite = "M1"
  case written = "M2"
  case online = "M3"
  case entrusted = "M4"
  case sampling = "M5"
  case otherFinding = "M6"

  package var title: String {
    switch self {
    case .onSite: "现场检查"
    case .written: "书面检查"
    case .online: "网络检查"
    case .entrusted: "委托专业机构检查"
    case .sampling: "抽样检验"
    case .otherFinding: "行政部门检查结果或专业意见"
    }
  }

  /// Whether it counts as entering the enterprise, for the cap on visits a year.
  package var entersEnterprise: Bool { self == .onSite || self == .sampling }
}
