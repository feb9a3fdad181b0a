import ArgumentParser
import Benchmarks
import Terminal

/// `tributary bench`: the engine against plain SQLite and the session extension on this machine.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure the engine beside plain SQLite and its session extension.",
    discussion: """
      Only ratios of one run count: absolute times move with the machine and the hour.
      `bench` alone makes up its rows; `core` and `hub` read the table `companies` of a file and print
      one line of JSON per phase.
      """,
    subcommands: [All.self, Core.self, Hub.self, Draw.self, Report.self],
    defaultSubcommand: All.self)

  struct Options: ParsableArguments {
    @Option(help: "Repetitions; the table shows medians.")
    var repetitions = 3

    @Flag(help: "Baselines with synchronous=NORMAL, whose last commits may vanish at a power cut.")
    var normal = false

    func validate() throws {
      guard (1...100).contains(repetitions) else {
        throw ValidationError("--repetitions is 1 to 100.")
      }
    }

    func benchmark(in folder: String) -> Benchmark {
      Benchmark(
        folder: folder, repetitions: repetitions, baselineDurability: normal ? .normal : .full)
    }
  }

  struct All: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run everything and print the table of goals and figures.")

    @OptionGroup var options: Options

    @Option(help: "A folder for the files of the run; some 500 MB.")
    var folder = "tributary-bench"

    @Option(help: "A file with companies, inspectors and results; otherwise they are made up.")
    var source: String?

    @Flag(help: "Print the table as JSON.")
    var json = false

    @Flag(help: "Print the table in Markdown, as README has it.")
    var markdown = false

    func validate() throws {
      if json, markdown { throw ValidationError("--json or --markdown, not both.") }
    }

    func run() throws {
      let table = try BenchCommand.report {
        () throws(BenchError) in
        try options.benchmark(in: folder).runAll(source: source) { result in
          try? StandardStream.error.write(result.json + "\n")  // Progress: nothing depends on it.
        }
      }
      try StandardStream.output.write(
        json ? table.json + "\n" : markdown ? table.markdown : table.text)
    }
  }

  struct Core: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "One writer and one receiver: write, encode, apply, small transactions.")

    @OptionGroup var options: Options

    @Flag(help: "Also the lines of the baselines.")
    var baselines = false

    @Argument(help: "The file with the rows.")
    var source: String

    @Argument(help: "Rows inserted first; the file holds a quarter more.")
    var rows: Int

    @Argument(help: "A folder for the files of the run.")
    var folder: String

    func run() throws {
      try BenchCommand.report { () throws(BenchError) in
        _ = try options.benchmark(in: folder).measureCore(
          source: source, rows: rows, withBaselines: baselines, progress: BenchCommand.show)
      }
    }
  }

  struct Hub: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "A hub that applies the changes of its children.")

    @OptionGroup var options: Options

    @Flag(help: "Also the lines of the baselines.")
    var baselines = false

    @Argument(help: "The file with the rows: 300 and half of CHANGES for each child.")
    var source: String

    @Argument(help: "Children of the hub.")
    var children: Int

    @Argument(help: "Changes of each child, half inserts and half updates.")
    var changes: Int

    @Argument(help: "A folder for the files of the run.")
    var folder: String

    func run() throws {
      try BenchCommand.report { () throws(BenchError) in
        _ = try options.benchmark(in: folder).measureHub(
          source: source, children: children, changes: changes, withBaselines: baselines,
          progress: BenchCommand.show)
      }
    }
  }

  private static func show(_ result: PhaseResult) {
    // A reader that went away ends the run by its closed pipe.
    try? StandardStream.output.write(result.json + "\n")
  }

  /// Facts in, text for people out.
  private static func report<Result>(
    _ body: () throws(BenchError) -> Result
  ) throws(Problem) -> Result {
    do throws(BenchError) {
      return try body()
    } catch {
      switch error {
      case .source(let path, let reason):
        throw Problem(
          "cannot read the rows", on: path, because: reason,
          next: ["Give a file with a table `companies`, or leave it out for made-up rows."],
          status: .noInput)
      case .folder(let path, let reason):
        throw Problem(
          "cannot make the folder", on: path, because: reason,
          next: ["Name a folder that may be written."], status: .cannotCreate)
      case .engine(let name, let phase, let reason):
        throw Problem(
          "the run stopped", on: "\(name), \(phase.rawValue)", because: reason,
          next: ["Look for room on the disk; otherwise report this."], status: .software)
      case .size(let reason):
        throw Problem(
          "these sizes make no run", because: reason, next: ["Give a larger file or fewer rows."],
          status: .usage)
      }
    }
  }
}
