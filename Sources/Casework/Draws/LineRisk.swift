internal import Inspection

/// The risk grade of the line that draws, where it grades its objects: food, drugs, special equipment, product
/// quality. Source: domain.md §2.2, R-2.18.
struct LineRisk {
  /// The column of `companies` that has the grade.
  let field: RosterField
  /// Whether the plan names strata of class and grade, such as `CB`; an object without a grade is in the stratum of
  /// its class alone.
  let isStratum: Bool

  /// The line of a task's items, as their categories name it; nil when it grades nothing or they are of several.
  /// `strata`: what the plan or the draw names.
  init?(items: [Item], strata: [String]) {
    let lines: [(words: [String], field: RosterField)] = [
      (["食品", "餐饮"], CompanyFields.foodRisk), (["药品"], CompanyFields.drugRisk),
      (["特种设备"], CompanyFields.equipmentRisk), (["产品质量"], CompanyFields.productRisk),
    ]
    let found = items.map { item in
      lines.firstIndex { line in line.words.contains { item.category.hasPrefix($0) } }
    }
    guard let first = found.first, let line = first, found.allSatisfy({ $0 == line }) else {
      return nil
    }
    field = lines[line].field
    isStratum = strata.contains { $0.utf8.count > 1 }
  }
}
