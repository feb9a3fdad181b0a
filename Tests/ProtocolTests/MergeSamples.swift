import Causality
import Changes

/// The histories of the vectors: at most six change sets each, so that all orders can be run.
enum MergeSamples {
  private static let county = MergeStage.county
  private static let province = MergeStage.province
  private static let prefecture = MergeStage.prefecture
  private static let terminal = MergeStage.terminal

  private static func scene(
    _ name: String, table: UInt32 = 1_000, _ fill: (inout MergeScene) throws -> Void
  ) throws -> MergeScene {
    var scene = MergeScene(name, table: table)
    try fill(&scene)
    return scene
  }

  /// The county inserts, the prefecture and the province update one group, each knowing the insert.
  private static func fork(
    _ name: String, _ group: UInt32, _ first: Value, _ left: Value, _ right: Value,
    _ more: (inout MergeScene) throws -> Void = { _ in }
  ) throws -> MergeScene {
    try scene(name) { scene in
      try scene.write(.insert, by: county, at: 1_000, [(group, group, first)])
      try scene.write(
        .update, by: prefecture, at: 2_000, knows: ["530102-1:1"], [(group, group, left)],
        had: ["530102-1:1"])
      try scene.write(
        .update, by: province, at: 3_000, knows: ["530102-1:1"], [(group, group, right)],
        had: ["530102-1:1"])
      try more(&scene)
    }
  }

  static func all() throws -> [MergeScene] {
    try registers() + groups() + existence() + policies() + marks()
  }

  private static func registers() throws -> [MergeScene] {
    try [
      fork("latest: two concurrent updates", 1, .text("a"), .text("b"), .text("c")),
      fork(
        "latest: a write that saw both closes the conflict", 1, .text("a"), .text("b"), .text("c")
      ) {
        try $0.write(
          .update, by: county, at: 4_000, knows: ["530000-1:1", "530100-1:1"], [(1, 1, .text("d"))],
          had: ["530000-1:1", "530100-1:1"])
      },
      fork("equal values are one sibling and no conflict", 1, .text("a"), .text("b"), .text("b")),
      fork("1 and 1.0 are not equal", 1, .null, .integer(1), .real(bits: 0x3FF0_0000_0000_0000)),
      scene("three dots tie in time: node, then epoch decides") {
        try $0.write(.insert, by: county, at: 1_000, [(1, 1, .text("a"))])
        for (writer, text) in [
          ("530102-2", "epoch 2"), (terminal, "terminal 3"), (county, "epoch 1"),
        ] {
          try $0.write(
            .update, by: writer, at: 2_000, knows: writer == county ? [] : ["530102-1:1"],
            [(1, 1, .text(text))], had: ["530102-1:1"])
        }
      },
      scene("a covering write stands, whatever its clock") {
        try $0.write(.insert, by: county, at: 9_000, [(1, 1, .text("a"))])
        try $0.write(
          .update, by: province, at: 10, knows: ["530102-1:1"], [(1, 1, .text("b"))],
          had: ["530102-1:1"])
      },
      scene("a stale form: over names what the person saw") {
        try $0.write(.insert, by: county, at: 1_000, [(1, 1, .text("a"))])
        try $0.write(
          .update, by: province, at: 2_000, knows: ["530102-1:1"], [(1, 1, .text("b"))],
          had: ["530102-1:1"])
        try $0.write(
          .update, by: county, at: 3_000, knows: ["530000-1:1"], [(1, 1, .text("c"))],
          had: ["530000-1:1"], over: [1: ["530102-1:1"]])
      },
      scene("an empty over covers nothing") {
        try $0.write(.insert, by: county, at: 1_000, [(1, 1, .text("a"))])
        try $0.write(
          .update, by: county, at: 2_000, [(1, 1, .text("b"))], had: ["530102-1:1"], over: [1: []])
      },
      scene("over outside the context: without effect") {
        try $0.write(.insert, by: county, at: 1_000, [(1, 1, .text("a"))])
        try $0.write(
          .update, by: county, at: 2_000, [(1, 1, .text("b"))], had: ["530102-1:1"],
          over: [1: ["530000-1:1"]])
      },
      scene("over that names the own change set: without effect") {
        try $0.write(.insert, by: county, at: 1_000, [(1, 1, .text("a"))])
        try $0.write(
          .update, by: county, at: 2_000, [(1, 1, .text("b"))], had: ["530102-1:1"],
          over: [1: ["530102-1:2"]])
      },
    ]
  }

  private static func groups() throws -> [MergeScene] {
    try [
      scene("a group of two columns merges as one") {
        try $0.write(
          .insert, by: county, at: 1_000, [(10, 10, .text("unsafe")), (11, 10, .integer(5))])
        try $0.write(
          .update, by: province, at: 2_000, knows: ["530102-1:1"],
          [(10, 10, .text("safe")), (11, 10, .integer(6))], had: ["530102-1:1"])
        try $0.write(
          .update, by: county, at: 3_000, [(10, 10, .text("unsafe")), (11, 10, .integer(7))],
          had: ["530102-1:1"])
      },
      fork("a group that no schema knows merges as latest", 12, .text("a"), .text("b"), .text("c")),
      scene("copies of one origin are one write") {
        let origin = (dot: "530103/both:530103-1:44", milliseconds: UInt64(500))
        try $0.write(.insert, by: province, at: 1_000, [(1, 1, .text("moved"))], origin: origin)
        try $0.write(.insert, by: prefecture, at: 2_000, [(1, 1, .text("moved"))], origin: origin)
      },
    ]
  }

  private static func existence() throws -> [MergeScene] {
    try [
      scene("delete against update: the row lives") {
        try $0.write(.insert, by: county, at: 1_000, [(1, 1, .text("a"))])
        try $0.write(.delete, by: county, at: 2_000, had: ["530102-1:1"])
        try $0.write(
          .update, by: province, at: 1_500, knows: ["530102-1:1"], [(1, 1, .text("b"))],
          had: ["530102-1:1"])
      },
      scene("a delete that saw everything") {
        try $0.write(.insert, by: county, at: 1_000, [(1, 1, .text("a"))])
        try $0.write(.delete, by: province, at: 900, knows: ["530102-1:1"], had: ["530102-1:1"])
      },
      scene("delete against delete is no conflict") {
        try $0.write(.insert, by: county, at: 1_000, [(1, 1, .text("a"))])
        try $0.write(.delete, by: county, at: 2_000, had: ["530102-1:1"])
        try $0.write(.delete, by: province, at: 2_000, knows: ["530102-1:1"], had: ["530102-1:1"])
      },
      scene("duplicate create: merges group by group") {
        try $0.write(.insert, by: county, at: 1_000, [(1, 1, .text("a")), (4, 4, .text("x"))])
        try $0.write(.insert, by: province, at: 2_000, [(1, 1, .text("b")), (4, 4, .text("x"))])
      },
      scene("a row created twice alike is one row and no conflict") {
        try $0.write(.insert, by: county, at: 1_000, [(1, 1, .text("a")), (4, 4, .text("x"))])
        try $0.write(.insert, by: province, at: 2_000, [(1, 1, .text("a")), (4, 4, .text("x"))])
      },
      scene("an update by one who saw both ends a duplicate create") {
        try $0.write(.insert, by: county, at: 1_000, [(1, 1, .text("a"))])
        try $0.write(.insert, by: province, at: 2_000, [(1, 1, .text("b"))])
        try $0.write(
          .update, by: county, at: 3_000, knows: ["530000-1:1"], [(1, 1, .text("c"))],
          had: ["530000-1:1", "530102-1:1"])
      },
      scene("a re-insert begins a new life and covers groups that it does not carry") {
        try $0.write(.insert, by: county, at: 1_000, [(1, 1, .text("a")), (9, 9, .integer(17))])
        try $0.write(.delete, by: county, at: 2_000, had: ["530102-1:1"])
        try $0.write(.insert, by: county, at: 3_000, [(1, 1, .text("b"))])
      },
      scene("addWins: removal against add", table: 1_001) {
        try $0.write(.insert, by: county, at: 1_000, [(1, 1, .text("a"))])
        try $0.write(.delete, by: county, at: 2_000, had: ["530102-1:1"])
        try $0.write(
          .update, by: province, at: 1_500, knows: ["530102-1:1"], [(1, 1, .text("b"))],
          had: ["530102-1:1"])
      },
      scene("addWins: a removal that saw everything leaves nothing", table: 1_001) {
        try $0.write(.insert, by: county, at: 1_000, [(1, 1, .text("a"))])
        try $0.write(.delete, by: county, at: 2_000, had: ["530102-1:1"])
      },
      scene("a table that no schema knows merges as standard", table: 1_002) {
        try $0.write(.insert, by: county, at: 1_000, [(1, 1, .text("a"))])
        try $0.write(.delete, by: county, at: 2_000, had: ["530102-1:1"])
      },
    ]
  }

  private static func policies() throws -> [MergeScene] {
    try [
      scene("owner of a tier: a proposal covers no value of the owner") {
        try $0.write(.insert, by: province, at: 1_000, [(2, 2, .text("closed"))])
        try $0.write(
          .update, by: county, at: 2_000, knows: ["530000-1:1"], [(2, 2, .text("open"))],
          had: ["530000-1:1"], over: [2: []])
        try $0.write(
          .update, by: county, at: 3_000, [(2, 2, .text("open?"))],
          had: ["530000-1:1", "530102-1:1"], over: [2: ["530102-1:1"]])
      },
      scene("owner of a tier: over that says too much is cut down; the owner accepts") {
        try $0.write(.insert, by: province, at: 1_000, [(2, 2, .text("closed"))])
        try $0.write(
          .update, by: county, at: 2_000, knows: ["530000-1:1"], [(2, 2, .text("open"))],
          had: ["530000-1:1"])
        try $0.write(
          .update, by: province, at: 3_000, knows: ["530102-1:1"], [(2, 2, .text("open"))],
          had: ["530000-1:1", "530102-1:1"])
      },
      scene("owner of the scope: the county's value stands before the province's") {
        try $0.write(.insert, by: county, at: 1_000, [(3, 3, .text("ours"))])
        try $0.write(
          .update, by: province, at: 9_000, knows: ["530102-1:1"], [(3, 3, .text("theirs"))],
          had: ["530102-1:1"], over: [3: []])
      },
      fork("review", 4, .text("a"), .text("b"), .text("c")),
      scene("counter: the sum of the last totals") {
        try $0.write(.insert, by: county, at: 1_000, [(5, 5, .integer(5))])
        try $0.write(
          .update, by: province, at: 2_000, knows: ["530102-1:1"], [(5, 5, .integer(7))],
          had: ["530102-1:1"], over: [5: []])
        try $0.write(
          .update, by: county, at: 3_000, knows: ["530000-1:1"], [(5, 5, .integer(6))],
          had: ["530000-1:1", "530102-1:1"], over: [5: ["530102-1:1"]])
      },
      fork("max: the larger of concurrent values", 6, .integer(1), .integer(9), .integer(4)),
      fork("max: NULL comes last", 6, .integer(1), .null, .integer(-4)),
      fork(
        "min: the smaller; a text is larger than a number", 7, .integer(1), .text("0"), .integer(4)),
      fork("rank: closed follows planned", 8, .text("planned"), .text("planned"), .text("closed")),
      fork(
        "rank: two branches are a fork", 8, .text("visited"), .text("closed"), .text("appealed")),
      fork("rank: states of a cycle are a fork", 8, .text("loop1"), .text("loop1"), .text("loop2")),
      fork(
        "rank: a value that is no state is a fork", 8, .text("planned"), .text("lost"),
        .text("closed")),
      scene("immutable: a write that follows a value is a violation") {
        try $0.write(.insert, by: county, at: 1_000, [(9, 9, .integer(17))])
        try $0.write(
          .update, by: province, at: 2_000, knows: ["530102-1:1"], [(9, 9, .integer(18))],
          had: ["530102-1:1"], over: [9: []])
      },
      scene("immutable: a decision names both and covers both") {
        try $0.write(.insert, by: county, at: 1_000, [(9, 9, .integer(17))])
        try $0.write(
          .update, by: province, at: 2_000, knows: ["530102-1:1"], [(9, 9, .integer(18))],
          had: ["530102-1:1"], over: [9: []])
        try $0.write(
          .update, by: county, at: 3_000, knows: ["530000-1:1"], [(9, 9, .integer(18))],
          had: ["530000-1:1", "530102-1:1"], over: [9: ["530000-1:1", "530102-1:1"]])
      },
      scene("immutable: concurrent first writes are a fork") {
        try $0.write(.insert, by: county, at: 1_000, [(9, 9, .integer(17))])
        try $0.write(.insert, by: province, at: 2_000, [(9, 9, .integer(18))])
      },
    ]
  }

  private static func marks() throws -> [MergeScene] {
    try [
      fork("a refused write enters nothing", 1, .text("a"), .text("b"), .text("c")) {
        try $0.control(
          .refuse(try MergeScene.dot("530100-1:1"), .scopeNotWritable, detail: ""), by: province,
          at: 4_000, knows: ["530100-1:1"])
      },
      fork(
        "a later write keeps a refused one in its context", 1, .text("a"), .text("b"), .text("c")
      ) {
        try $0.write(
          .update, by: terminal, at: 4_000, knows: ["530100-1:1", "530102-1:1"],
          [(1, 1, .text("d"))], had: ["530100-1:1"])
        try $0.control(
          .refuse(try MergeScene.dot("530100-1:1"), .tableNotWritable, detail: "t1000"),
          by: province, at: 5_000, knows: ["530100-1:1"])
      },
      fork(
        "a refusal by a node that is not above the author is without effect", 1, .text("a"),
        .text("b"), .text("c")
      ) {
        try $0.control(
          .refuse(try MergeScene.dot("530100-1:1"), .scopeNotWritable, detail: ""), by: county,
          at: 4_000, knows: ["530100-1:1"])
      },
      fork(
        "a refusal by a node that did not know the change set is without effect", 1, .text("a"),
        .text("b"), .text("c")
      ) {
        try $0.control(
          .refuse(try MergeScene.dot("530100-1:1"), .scopeNotWritable, detail: ""), by: province,
          at: 4_000)
      },
      scene("a division's own node refuses its terminal's write, and no other division's") {
        try $0.write(.insert, by: terminal, at: 1_000, [(1, 1, .text("a"))])
        try $0.control(
          .refuse(try MergeScene.dot("530102.3-1:1"), .tableNotWritable, detail: ""), by: county,
          at: 2_000, knows: ["530102.3-1:1"])
      },
      scene("a suspect write is shown last and stands") {
        try $0.write(.insert, by: county, at: 1_000, [(1, 1, .text("a"))])
        try $0.write(
          .update, by: prefecture, at: 3_000, knows: ["530102-1:1"], [(1, 1, .text("b"))],
          had: ["530102-1:1"])
        try $0.write(.update, by: county, at: 2_000, [(1, 1, .text("c"))], had: ["530102-1:1"])
        try $0.control(
          .suspect(try MergeScene.dot("530100-1:1")), by: province, at: 4_000,
          knows: ["530100-1:1", "530102-1:1"])
      },
      scene("a suspect write of the owner stands before proposals") {
        try $0.write(.insert, by: county, at: 1_000, [(3, 3, .text("closed"))])
        try $0.write(
          .update, by: province, at: 2_000, knows: ["530102-1:1"], [(3, 3, .text("open"))],
          had: ["530102-1:1"], over: [3: []],
          controls: [.suspect(try MergeScene.dot("530102-1:1"))])
      },
    ]
  }
}
