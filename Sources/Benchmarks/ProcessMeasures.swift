import CSessionBench

#if canImport(Glibc)
  import Glibc
#endif

/// Clocks, memory and folders of this process.
package enum ProcessMeasures {
  /// Resident memory, bytes.
  package struct Memory: Hashable, Sendable {
    /// Now (VmRSS).
    package let resident: Int
    /// The most since the start or the last `resetPeak()` (VmHWM).
    package let peak: Int
  }

  /// Reads /proc/self/status; nil where there is none.
  package static var memory: Memory? {
    guard let text = read("/proc/self/status") else { return nil }
    guard let resident = kilobytes("VmRSS:", in: text), let peak = kilobytes("VmHWM:", in: text)
    else { return nil }
    return Memory(resident: resident * 1_024, peak: peak * 1_024)
  }

  /// Starts a new peak, where the system allows it.
  package static func resetPeak() {
    guard let file = fopen("/proc/self/clear_refs", "w") else { return }
    fputs("5", file)
    fclose(file)
  }

  /// Makes a folder and those above it; an existing one is fine.
  package static func makeFolder(_ path: String) throws(BenchError) {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      made += (made.isEmpty || made.hasSuffix("/") ? "" : "/") + part
      if mkdir(made, 0o755) != 0, errno != EEXIST {
        throw .folder(path: path, reason: String(cString: strerror(errno)))
      }
    }
  }

  /// Removes a file; a missing one is fine.
  package static func removeFile(_ path: String) { unlink(path) }

  /// Removes a folder and what is in it; a missing one is fine.
  package static func removeFolder(_ path: String) {
    guard let folder = opendir(path) else { return }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name != ".", name != ".." else { continue }
      if unlink("\(path)/\(name)") != 0 { removeFolder("\(path)/\(name)") }
    }
    closedir(folder)
    rmdir(path)
  }

  /// The length of a file in bytes; 0 when there is none.
  package static func fileSize(_ path: String) -> Int {
    guard let file = fopen(path, "r") else { return 0 }
    defer { fclose(file) }
    return fseek(file, 0, SEEK_END) == 0 ? ftell(file) : 0
  }

  private static func read(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 16_384)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  private static func kilobytes(_ label: String, in text: String) -> Int? {
    for line in text.split(separator: "\n") where line.hasPrefix(label) {
      return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
        .flatMap { Int($0) }
    }
    return nil
  }
}

/// Wall and processor seconds of stretches of work, added up.
package struct Stopwatch: Sendable {
  /// Seconds of the wall clock.
  package private(set) var wall = 0.0
  /// Seconds of processor time of the whole process.
  package private(set) var cpu = 0.0

  package init() {}

  /// Measures one stretch.
  package mutating func measure<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let (wallStart, cpuStart) = (csb_wall_seconds(), csb_cpu_seconds())
    defer {
      wall += csb_wall_seconds() - wallStart
      cpu += csb_cpu_seconds() - cpuStart
    }
    return try body()
  }
}
