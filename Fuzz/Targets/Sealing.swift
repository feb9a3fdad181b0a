import Causality
import Changes
import Crypto
import Wire

/// Mutants that get past lengths, compression, checksums, content hashes and seals: the mutation is made inside,
/// and what is outside is computed anew.
package enum Sealing {
  /// Bytes and a bound of their count to other bytes.
  package typealias Mutation = (_ bytes: [UInt8], _ most: Int) -> [UInt8]

  /// A mutant with sound outer layers; nil where the target has none, or these bytes have no layer that holds.
  /// `choice` says which of several places is mutated.
  package static func mutant(
    of bytes: [UInt8], _ target: FuzzTarget, most: Int, choice: UInt32, _ mutate: Mutation
  ) -> [UInt8]? {
    switch target {
    case .frame: frames(bytes, most, choice, mutate)
    case .dump:
      bytes.starts(with: BundleWriter.magic)
        ? bundle(bytes, most, choice, mutate) : frames(bytes, most, choice, mutate)
    case .bundle: bundle(bytes, most, choice, mutate)
    case .inflate: deflated(bytes, most, mutate)
    case .signed: signed(bytes, most, choice, mutate)
    default: nil
    }
  }

  private static func frames(
    _ bytes: [UInt8], _ most: Int, _ choice: UInt32, _ mutate: Mutation
  ) -> [UInt8]? {
    var (frames, rest) = ([RawFrame](), bytes[...])
    while let frame = RawFrame(rest) {
      frames.append(frame)
      rest = rest.dropFirst(frame.byteCount)
    }
    guard !frames.isEmpty else { return nil }
    change(&frames, most - bytes.count, choice, mutate)
    return bounded(frames.flatMap(\.sealed) + rest, most)
  }

  /// Frames behind magic, version and their indexes; the seal's hash is that of all before it, its signature
  /// that of the fuzzer's key.
  private static func bundle(
    _ bytes: [UInt8], _ most: Int, _ choice: UInt32, _ mutate: Mutation
  ) -> [UInt8]? {
    let opening = BundleWriter.magic + [BundleWriter.version]
    guard bytes.starts(with: opening) else { return nil }
    var (frames, rest) = ([RawFrame](), bytes.dropFirst(opening.count))
    while let end = rest.firstIndex(where: { $0 < 0x80 }), let frame = RawFrame(rest[(end + 1)...])
    {
      frames.append(frame)
      rest = rest[(end + 1)...].dropFirst(frame.byteCount)
    }
    guard !frames.isEmpty else { return nil }
    change(&frames, most - bytes.count, choice, mutate)
    var mutant = opening
    for (index, frame) in frames.enumerated() {
      var frame = frame
      if frame.mark & 31 == MessageKind.bundleSeal.rawValue { frame.payload = seal(over: mutant) }
      var writer = ByteWriter()
      writer.write(count: index)
      mutant += writer.bytes + frame.sealed
    }
    return bounded(mutant + rest, most)
  }

  /// The payload of a SEAL over these bytes.
  private static func seal(over bytes: [UInt8]) -> [UInt8] {
    guard let hash = ContentHash(Array(SHA256.hash(data: bytes))),
      let key = try? Curve25519.Signing.PrivateKey(
        rawRepresentation: [UInt8](repeating: 1, count: 32)),
      let signature = try? key.signature(
        for: BundleSeal(contentHash: hash, signature: []).signedBytes)
    else { preconditionFailure("any 32 bytes are a hash and a seed, and a key signs") }
    return MessageCodec.encode(
      .bundleSeal(BundleSeal(contentHash: hash, signature: Array(signature))))
  }

  /// Three bytes of length, then what is deflated: mutated inside, deflated again.
  private static func deflated(_ bytes: [UInt8], _ most: Int, _ mutate: Mutation) -> [UInt8]? {
    guard bytes.count > 3 else { return nil }
    let declared = Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
    guard declared <= most else { return nil }
    let inside = bytes.dropFirst(3).withUnsafeBytes { source in
      // What does not inflate has no inside.
      try? Deflate.inflate(source, declared: declared, limit: most)
    }
    guard let inside else { return nil }
    let mutant = mutate(inside, most)
    guard let outside = Deflate.deflate(mutant, level: Deflate.fastLevel) else { return nil }
    let length = [16, 8, 0].map { UInt8(truncatingIfNeeded: mutant.count >> $0) }
    return bounded(length + outside, most)
  }

  /// One body of a history of `SignedTarget`, with its length; signatures are made when it is applied.
  private static func signed(
    _ bytes: [UInt8], _ most: Int, _ choice: UInt32, _ mutate: Mutation
  ) -> [UInt8]? {
    var (steps, rest) = ([(mark: UInt8, body: [UInt8])](), bytes[...])
    while rest.count > 3 {
      let mark = rest.removeFirst()
      let length = Int(rest.removeFirst()) << 8 | Int(rest.removeFirst())
      steps.append((mark, Array(rest.prefix(length))))
      rest = rest.dropFirst(length)
    }
    guard !steps.isEmpty else { return nil }
    let place = Int(choice >> 1) % steps.count
    if choice & 1 == 0 {
      steps[place].body = mutate(
        steps[place].body, steps[place].body.count + max(0, most - bytes.count))
    } else {
      // The other change set's body by this writer, or another order.
      let from = Int(choice >> 8) % steps.count
      steps[place].mark = UInt8(truncatingIfNeeded: choice >> 16)
      steps[place].body = steps[from].body
    }
    return bounded(
      steps.flatMap { step -> [UInt8] in
        let count = min(step.body.count, 0xFFFF)
        return [step.mark, UInt8(count >> 8), UInt8(count & 0xFF)] + step.body.prefix(count)
      }, most)
  }

  private static func change(
    _ frames: inout [RawFrame], _ room: Int, _ choice: UInt32, _ mutate: Mutation
  ) {
    let place = Int(choice) % frames.count
    frames[place].payload = mutate(
      frames[place].payload, frames[place].payload.count + max(0, room))
  }

  private static func bounded(_ bytes: [UInt8], _ most: Int) -> [UInt8]? {
    bytes.count <= most ? bytes : nil
  }
}
