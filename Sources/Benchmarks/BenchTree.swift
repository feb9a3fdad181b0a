import Causality
import Changes
import Store

/// A tree of one hub and its counties.
enum BenchTree {
  /// The tree and its nodes: the hub first, then one per county.
  static func make(
    counties: [Scope]
  ) throws(StoreError) -> (tree: ScopeTree, nodes: [NodeCode]) {
    let topCode = (counties.first?.code ?? 0) / 10_000 * 10_000
    let hub = topCode == 0 || counties.contains { $0.code == topCode } ? 990_000 : topCode
    guard let top = Scope(code: hub), let topNode = NodeCode(division: hub) else {
      throw .unknownName("division \(hub)")
    }
    do throws(ScopeTree.Invalid) {
      let tree = try ScopeTree(
        [ScopeTree.Entry(scope: top, parent: nil)]
          + counties.map { ScopeTree.Entry(scope: $0, parent: top) })
      return (tree, [topNode] + counties.compactMap { NodeCode(division: $0.code) })
    } catch {
      throw .unknownName(error.reason)
    }
  }
}
