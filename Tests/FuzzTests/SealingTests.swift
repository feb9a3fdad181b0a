import Changes
import Crypto
import FuzzTargets
import TestSupport
import Testing
import Wire

/// The mutator changes what is inside and seals it again.
@Suite struct SealingTests {
  /// Flips a bit, and now and then appends a byte.
  private func flip(_ bytes: [UInt8], _ most: Int, _ seed: Int) -> [UInt8] {
    guard !bytes.isEmpty else { return bytes }
    var mutant = bytes
    mutant[seed % mutant.count] ^= 1 << UInt8(seed % 8)
    if seed % 5 == 0, mutant.count < most { mutant.append(UInt8(seed & 0xFF)) }
    return mutant
  }

  @Test func `mutants of frames have checksums that hold and inflate`() throws {
    var count = 0
    for input in try ReplayTests.corpus(.frame) {
      for seed in 0..<8 {
        let mutant = Sealing.mutant(
          of: input, .frame, most: FuzzTarget.inputBytes, choice: UInt32(seed)
        ) { flip($0, $1, seed) }
        guard let mutant else { continue }
        var decoder = FrameDecoder()
        decoder.append(mutant)
        do throws(WireError) {
          while try decoder.next() != nil { count += 1 }
        } catch .inflationFailed {
          Issue.record("a mutant does not inflate")
        } catch .checksumMismatch {
          Issue.record("a checksum does not hold")
        } catch {
          count += 1
        }
      }
    }
    #expect(count > 50, "\(count) mutants")
  }

  @Test func `seals of mutated bundles have the hash of what is before them`() throws {
    var sealed = 0
    for input in try ReplayTests.corpus(.bundle) {
      for seed in 0..<8 {
        let mutant = Sealing.mutant(
          of: input, .bundle, most: FuzzTarget.inputBytes, choice: UInt32(seed)
        ) { flip($0, $1, seed) }
        guard let mutant else { continue }
        var reader = BundleReader()
        reader.append(mutant)
        // A mutation may be of a frame that is malformed then: no seal is met.
        while let message = try? reader.next() {
          guard case .bundleSeal(let seal) = message, let bytes = reader.sealedByteCount else {
            continue
          }
          let hash = SHA256.hash(data: mutant.prefix(Int(bytes)))
          #expect(seal.contentHash.bytes == Array(hash))
          sealed += 1
        }
      }
    }
    #expect(sealed > 5, "\(sealed) seals")
  }

  @Test func `a mutant of deflated bytes inflates to the mutated body`() throws {
    let body = [UInt8](repeating: 0x41, count: 300)
    let deflated = try #require(Deflate.deflate(body, level: Deflate.fastLevel))
    let input: [UInt8] = [0, 1, 0x2C] + deflated
    let mutant = try #require(
      Sealing.mutant(of: input, .inflate, most: 1_000, choice: 0) { bytes, _ in
        bytes.map { $0 + 1 }
      })
    let inside = try mutant.dropFirst(3).withUnsafeBytes {
      try Deflate.inflate($0, declared: 300, limit: 1_000)
    }
    #expect(inside == [UInt8](repeating: 0x42, count: 300))
  }
}
