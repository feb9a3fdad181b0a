internal import Changes

/// What the tiers issue and nobody changes afterwards: lists, overlays, rule sets, guidelines, requirements,
/// calendars. Each row is one version (IMM); a second content under its key is a violation that keeps both.
///
/// Source: domain.md §2.4, R-2.1, R-2.2, R-2.10–.
package enum IssuedTables {
  /// 事项清单: one row a version, in the province's scope.
  package static let itemLists = CaseTable(
    1_100, "item_lists", "随机抽查事项清单", key: [.integer("list_version")],
    [
      .number(1, "year", "年度", .immutable),
      .text(2, "issuer", "制定机关", group: 1, .immutable),
      .date(3, "issued_on", "印发日期", group: 1, .immutable),
      .text(4, "document_number", "文号", group: 1, .immutable),
      .date(5, "effective_from", "生效日期", group: 1, .immutable),
      .text(6, "published_url", "公开地址", .latest),
      .date(7, "published_on", "公开日期", group: 6, .latest),
    ])

  /// 抽查事项 of a list version.
  package static let items = CaseTable(
    1_101, "items", "抽查事项", key: [.integer("list_version"), .text("item_code")],
    itemFields(from: 1))

  /// 动态调整 of a prefecture or county, in its own scope; written by its own nodes only.
  package static let overlays = CaseTable(
    1_102, "item_overlays", "清单动态调整", key: [.text("item_code"), .integer("overlay_version")],
    writers: .scopeOnly,
    [
      .text(1, "operation", "调整方式", .immutable),
      .text(2, "reason", "调整理由", group: 1, .immutable),
      .date(3, "effective_from", "生效日期", group: 1, .immutable),
    ] + itemFields(from: 4, group: 1))

  /// 抽查工作细则: the parameters of the rules as JSON.
  package static let ruleSets = CaseTable(
    1_103, "rule_sets", "抽查工作细则", key: [.integer("rules_version")],
    [
      .text(1, "parameters", "参数", .immutable, bytes: 64 << 10),
      .date(2, "effective_from", "生效日期", group: 1, .immutable),
    ])

  /// 工作指引, and what units add to it: contents and questions as JSON.
  package static let guidelines = CaseTable(
    1_104, "guidelines", "抽查工作指引",
    key: [.text("item_code"), .integer("guideline_version")],
    [
      .text(1, "contents", "检查内容", .immutable, bytes: 64 << 10),
      .text(2, "checklist", "检查表", group: 1, .immutable, bytes: 64 << 10),
    ])

  /// 条线抽查要求, in the province's scope.
  package static let requirements = CaseTable(
    1_105, "line_requirements", "条线抽查要求", key: [.text("requirement_id")],
    [
      .number(1, "year", "年度", .immutable),
      .text(2, "line", "业务条线", group: 1, .immutable),
      .text(3, "item_code", "抽查事项", group: 1, .immutable),
      .number(4, "ratio_bp", "抽查比例", group: 1, .immutable),
      .number(5, "minimum_count", "最低户数", group: 1, .immutable),
      .text(6, "region_weights", "地区比重", group: 1, .immutable, bytes: 8 << 10),
      .date(7, "window_from", "起始日期", group: 1, .immutable),
      .date(8, "window_to", "截止日期", group: 1, .immutable),
      .text(9, "source", "来源", group: 1, .immutable),
      .number(10, "is_mandatory", "是否必须", group: 1, .immutable),
    ])

  /// 工作日历, one row a day of an edition.
  package static let calendarDays = CaseTable(
    1_106, "calendar_days", "工作日历",
    key: [.integer("calendar_version"), .text("day"), .text("local_division")],
    [
      .text(1, "kind", "种类", .immutable),
      .text(2, "name", "节日", group: 1, .immutable),
    ])

  /// 区划隶属: where a division belongs from a day on, when that is not the program's table (C-31).
  package static let divisions = CaseTable(
    1_107, "division_parents", "区划隶属", key: [.text("moved_division"), .text("effective_from")],
    [
      .text(1, "parent", "上级区划", .immutable),
      .text(2, "name", "名称", group: 1, .immutable),
    ])

  /// 检查对象库: a library with its standard, one row a version; the province's line opens it.
  package static let libraries = CaseTable(
    1_108, "object_libraries", "检查对象库",
    key: [.text("library"), .integer("standard_version")],
    [
      .text(1, "line", "业务条线", .immutable),
      .text(2, "title", "名称", group: 1, .immutable),
      .text(3, "standard", "建库标准", group: 1, .immutable, bytes: 8 << 10),
      .date(4, "effective_from", "生效日期", group: 1, .immutable),
    ])

  package static let all = [
    itemLists, items, overlays, ruleSets, guidelines, requirements, calendarDays, divisions,
    libraries,
  ]

  /// The fields of an item; all in one register.
  private static func itemFields(from number: UInt32, group: UInt32? = nil) -> [RosterField] {
    let group = group ?? number
    let names: [(String, String)] = [
      ("category", "抽查类别"), ("name", "抽查事项"), ("item_class", "事项类别"), ("objects", "检查对象"),
      ("methods", "检查方式"), ("levels", "检查主体"), ("bases", "检查依据"),
      ("qualifications", "检查人员要求"), ("line", "业务条线"), ("guideline", "工作指引"),
      ("remark", "备注"),
    ]
    var fields: [RosterField] = []
    for (offset, (name, title)) in zip(number..., names) {
      fields.append(.text(offset, name, title, group: group, .immutable, bytes: 4 << 10))
    }
    let next = number + UInt32(names.count)
    return fields + [
      .number(next, "cap_bp", "比例上限", group: group, .immutable),
      .number(next + 1, "yearly_frequency", "频次", group: group, .immutable),
    ]
  }
}
