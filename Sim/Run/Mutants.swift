import ArgumentParser
import Foundation

/// A planted bug of `Sim/mutants.txt`.
struct Mutant {
  let name: String
  let file: String
  let about: String
  let old: String
  let new: String

  /// Reads the list. Throws for what is no mutant.
  static func read(_ path: String) throws -> [Mutant] {
    let text = try String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8)
    return try text.components(separatedBy: "\nmutant ").dropFirst().map { entry in
      let lines = entry.split(separator: "\n", omittingEmptySubsequences: false)
      let first = lines[0].split(separator: " ")
      func block(_ mark: String) -> String {
        lines.filter { $0.hasPrefix(mark) }.map { $0.dropFirst(2) }.joined(separator: "\n")
      }
      guard first.count == 2, !block("- ").isEmpty, !block("+ ").isEmpty else {
        throw ValidationError("\(path): `mutant \(lines[0])` has no file, no `-` or no `+`")
      }
      return Mutant(
        name: String(first[0]), file: String(first[1]), about: block("# "), old: block("- "),
        new: block("+ "))
    }
  }
}

struct PlantCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plant",
    abstract: "Copies the tree into a folder, with all planted bugs in the copy.",
    discussion: """
      Built there, tributary-sim has the bug that TRIBUTARY_MUTANT names by its place in the list. The sources of \
      the product know nothing of it.
      """)

  @Argument(help: "The folder of the copy; it must not exist.")
  var folder: String

  @Option(help: "The root of the sources.")
  var root = "."

  func run() throws {
    let files = FileManager.default
    try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for name in ["Package.swift", "Sources", "Sim", "Tests", "Fuzz"] {
      try files.copyItem(atPath: "\(root)/\(name)", toPath: "\(folder)/\(name)")
    }
    let mutants = try Mutant.read("\(root)/Sim/mutants.txt")
    for (index, mutant) in mutants.enumerated() {
      let path = "\(folder)/\(mutant.file)"
      var text = try String(contentsOfFile: path, encoding: .utf8)
      guard text.components(separatedBy: mutant.old).count == 2 else {
        throw ValidationError(
          "\(mutant.name): `\(mutant.old)` does not stand once in \(mutant.file)")
      }
      text = text.replacingOccurrences(
        of: mutant.old,
        with: mutant.new.replacingOccurrences(
          of: "ON", with: "(Mutation.current == \(index + 1))"))
      if !text.contains("import Causality"), !mutant.file.hasPrefix("Sources/Causality/") {
        text = "internal import Causality\n" + text
      }
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
    let switchText = """
      internal import Glibc

      /// Which planted bug is switched on; 0 for none.
      package enum Mutation {
        package static let current: Int = getenv("TRIBUTARY_MUTANT").flatMap { Int(String(cString: $0)) } ?? 0
      }

      """
    try switchText.write(
      toFile: "\(folder)/Sources/Causality/Mutation.swift", atomically: true, encoding: .utf8)
    print("\(mutants.count) mutants planted in \(folder)")
  }
}

struct MutantsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mutants",
    abstract: "Runs seeds with each planted bug until one fails; prints a table.",
    discussion: "To be run by the tributary-sim that was built in the folder of `plant`.")

  @Option(help: "Seeds for each bug at most.")
  var seeds: UInt64 = 1_000

  @Option(help: "Only the mutants whose names contain this.")
  var only: String?

  @Option(help: "The list.")
  var list = "Sim/mutants.txt"

  @Option(help: "Worker processes.")
  var jobs = 2

  func run() throws {
    let mutants = try Mutant.read(list)
    var survivors: [String] = []
    var needed: [UInt64] = []
    print("| mutant | what is wrong | found by | seeds |")
    print("|---|---|---|---|")
    for (index, mutant) in mutants.enumerated() where only.map(mutant.name.contains) ?? true {
      var swarm = Swarm(jobs: jobs, chunk: 5)
      swarm.environment = ["TRIBUTARY_MUTANT": "\(index + 1)"]
      swarm.stopsAtFirst = true
      try swarm.run(from: 1, seeds: seeds, seconds: 0)
      let first = swarm.failures.min { $0.seed < $1.seed }
      let found = first.map { String($0.what.prefix { $0 != " " }) } ?? "nothing"
      print(
        "| \(mutant.name) | \(mutant.about) | \(found) | \(first.map { "\($0.seed)" } ?? "> \(seeds)") |"
      )
      if let first { needed.append(first.seed) } else { survivors.append(mutant.name) }
    }
    needed.sort()
    print("")
    print(
      "\(needed.count) killed, \(survivors.count) survived \(seeds) seeds; "
        + "median \(needed.isEmpty ? 0 : needed[needed.count / 2]) seeds")
    if !survivors.isEmpty {
      print("survivors: \(survivors.joined(separator: ", "))")
      throw ExitCode(1)
    }
  }
}
