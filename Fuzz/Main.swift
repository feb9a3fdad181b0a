import FuzzTargets
import Glibc

// libFuzzer's two functions over `FuzzTargets` (`make fuzz`): the bounds of memory and time are kept here, where
// an allocation counter runs and repetition costs nothing; the other properties are in the targets.

@_silgen_name("LLVMFuzzerMutate")
private func fuzzerMutate(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ most: Int) -> Int

/// `Allocations.c`: bytes allocated and not freed since the last `resetPeak`, at most.
@_silgen_name("allocation_reset_peak") private func resetPeak()
@_silgen_name("allocation_peak") private func allocationPeak() -> Int

/// What runs in this process: one target.
private final class Run {
  let target: FuzzTarget
  /// Unless FUZZ_SEALS is `no`, for comparison.
  let seals = getenv("FUZZ_SEALS").map { String(cString: $0) } != "no"
  var targets = FuzzTargets()
  var (largestPeak, slowest, slowestBytes, kept) = (0, 0.0, 0, 0)

  init() {
    let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? FuzzTarget.frame.rawValue
    guard let target = FuzzTarget(rawValue: name) else { preconditionFailure("no target \(name)") }
    self.target = target
    atexit { run.report() }
  }

  /// Takes an input; returns the milliseconds of processor time and the peak of allocated bytes.
  private func measure(_ bytes: [UInt8]) -> (milliseconds: Double, peak: Int) {
    resetPeak()
    let start = processorMilliseconds()
    targets.take(bytes, target)
    return (processorMilliseconds() - start, allocationPeak())
  }

  func take(_ bytes: [UInt8]) {
    var (milliseconds, peak) = measure(bytes)
    let kilobytes = target.kilobytes(of: bytes)
    // What takes long once may have waited for memory, or made what lasts: only what is slow each time is slow.
    let bound = target.sanitizedMillisecondsPerKilobyte
    for _ in 0..<9 where milliseconds / kilobytes > bound {
      milliseconds = min(milliseconds, measure(bytes).milliseconds)
    }
    // An optimised build does not say why a precondition traps.
    if milliseconds > bound * kilobytes {
      fatalError("\(milliseconds) ms for \(kilobytes) KB: at most \(bound) ms per KB")
    }
    if peak > 4 * target.memoryCap {
      fatalError("\(peak) bytes allocated at once: at most 4 times \(target.memoryCap)")
    }
    largestPeak = max(largestPeak, peak)
    if milliseconds / kilobytes > slowest {
      (slowest, slowestBytes) = (milliseconds / kilobytes, bytes.count)
    }
    if milliseconds > kilobytes { keep(bytes) }
  }

  /// Keeps what is slow under the sanitizers, for the build without them to measure: `Time.swift`.
  private func keep(_ bytes: [UInt8]) {
    guard let folder = getenv("FUZZ_SLOW").map({ String(cString: $0) }), kept < 1_000,
      let file = fopen("\(folder)/\(target.rawValue)-\(getpid())-\(kept)", "w")
    else { return }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
    kept += 1
  }

  func report() {
    print(
      "bounds: at most \(largestPeak) bytes allocated, \(slowest) ms per KB (input of \(slowestBytes) bytes)"
    )
  }
}

nonisolated(unsafe) private let run = Run()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count <= FuzzTarget.inputBytes else { return -1 }
  run.take(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

/// Every second mutant is made inside the outer layers, where the target has some.
@_cdecl("LLVMFuzzerCustomMutator")
public func customMutator(
  _ start: UnsafeMutablePointer<UInt8>, _ count: Int, _ most: Int, _ seed: UInt32
) -> Int {
  if run.seals, seed & 1 == 0 {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let mutant = Sealing.mutant(of: bytes, run.target, most: most, choice: seed >> 1) {
      inside, room in
      var buffer = inside + [UInt8](repeating: 0, count: max(0, room - inside.count))
      if buffer.isEmpty { return [] }
      let length = buffer.withUnsafeMutableBufferPointer {
        $0.baseAddress.map { fuzzerMutate($0, inside.count, room) } ?? 0
      }
      return Array(buffer.prefix(length))
    }
    if let mutant {
      for (index, byte) in mutant.enumerated() { start[index] = byte }
      return mutant.count
    }
  }
  return fuzzerMutate(start, count, most)
}
