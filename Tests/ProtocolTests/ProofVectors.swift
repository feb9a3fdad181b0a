import Causality
import Changes
import Testing
import Wire

/// `chains.json`: chains, signed heads, and what does not prove (3-ChangeSets §7).
struct ProofFile: Codable {
  struct Head: Codable {
    var dot: String
    var hash: String
    var signature: String
    /// What the signature is over.
    var signedHex: String
  }

  struct Chain: Codable {
    var name: String
    var publicKey: String
    var changeSets: [MergeFile.Carried]
    var contentHashes: [String]
    var chainHashes: [String]
    var head: Head?
  }

  /// Of the key that made the signatures.
  var replica: String
  var seed: String
  var proved: [Chain]
  /// Each is `unprovedChangeSet`.
  var unproved: [Chain]
}

extension ProofFile.Head {
  init(_ head: SignedHead) {
    dot = head.dot.description
    hash = head.hash.description
    signature = Hex.encode(head.signature)
    signedHex = Hex.encode(head.signedBytes)
  }

  func head() throws -> SignedHead {
    SignedHead(
      dot: try Dot(vector: dot), hash: ContentHash(try Hex.decode(hash)) ?? .zero,
      signature: try Hex.decode(signature))
  }
}

extension ProofFile.Chain {
  init(_ name: String, _ changeSets: [EncodedChangeSet], _ head: SignedHead?, key: [UInt8]) throws {
    self.name = name
    publicKey = Hex.encode(key)
    self.changeSets = try changeSets.map { try MergeFile.Carried($0) }
    self.head = head.map(ProofFile.Head.init)
    let contents = try changeSets.map { try ReferenceReplica.contentHash($0) }
    contentHashes = contents.map(\.description)
    chainHashes = []
    var last = ContentHash.zero
    for content in contents {
      last = ReferenceReplica.chainHash(last, content)
      chainHashes.append(last.description)
    }
  }

  /// Whether the head proves the change sets from number 1 on.
  func isProved() throws -> Bool {
    guard let head = try head?.head(), let last = changeSets.last else { return false }
    let key = try Hex.decode(publicKey)
    var hash = ContentHash.zero
    for (index, item) in changeSets.enumerated() {
      let changeSet = try item.changeSet()
      let header = try ChangeSetCodec.decodeHeader(changeSet.header)
      guard header.stream == head.dot.stream, header.replica == head.dot.replica,
        header.number == UInt64(index + 1)
      else { return false }
      hash = ReferenceReplica.chainHash(hash, try ReferenceReplica.contentHash(changeSet))
    }
    return head.dot.description == last.dot && head.hash == hash && !WeakKey.contains(key)
      && VectorKey.holds(head.signature, over: head.signedBytes, key: key)
  }
}

extension ProofFile {
  private static func run(_ stream: String, _ count: UInt64 = 3) throws -> [EncodedChangeSet] {
    try (1...count).map { number in
      let header = try ChangeSetSamples.header(
        stream: stream, number: number, timestamp: "\(1_730_000_000_000 + number)")
      return EncodedChangeSet(
        header: header,
        body: ChangeSetBody(blocks: [
          try ChangeSetSamples.block(
            1_000, .insert, [(1, 1)],
            [.init(key: [.integer(Int64(number))], new: [.text("row \(number)")])])
        ]))
    }
  }

  private static func sign(_ changeSets: [EncodedChangeSet], dot: Dot? = nil) throws -> SignedHead {
    var hash = ContentHash.zero
    for changeSet in changeSets {
      hash = ReferenceReplica.chainHash(hash, try ReferenceReplica.contentHash(changeSet))
    }
    guard let last = changeSets.last else { throw MalformedVector(what: "an empty chain") }
    let unsigned = SignedHead(dot: dot ?? last.dot, hash: hash, signature: [])
    return SignedHead(
      dot: unsigned.dot, hash: hash,
      signature: VectorKey.sign(unsigned.signedBytes, by: last.dot.replica))
  }

  static func make() throws -> ProofFile {
    let replica = ChangeSetSamples.county
    let key = VectorKey.publicKey(try ReplicaID(vector: replica))
    let run = try run("530102/both")
    let head = try sign(run)
    func chain(
      _ name: String, _ changeSets: [EncodedChangeSet]? = nil, hash: ContentHash? = nil,
      signature: [UInt8]? = nil, dot: Dot? = nil, key other: [UInt8]? = nil
    ) throws -> Chain {
      let given = SignedHead(
        dot: dot ?? head.dot, hash: hash ?? head.hash, signature: signature ?? head.signature)
      return try Chain(name, changeSets ?? run, given, key: other ?? key)
    }
    var altered = run
    altered[1] = EncodedChangeSet(
      dot: run[1].dot, header: run[1].header, body: Array(run[1].body.dropLast()) + [0x37],
      bodyIsDeflated: false, bodyByteCount: run[1].bodyByteCount)
    let swapped = [run[1], run[0], run[2]]
    let other = try Self.run("530103/both")
    var flipped = head.signature
    flipped[0] ^= 1
    var weakHash = head.hash.bytes
    weakHash[31] ^= 0x80
    let identity: [UInt8] = [1] + [UInt8](repeating: 0, count: 31)
    let wide = zip(head.signature.suffix(32), order).reduce(into: (bytes: [UInt8](), carry: 0)) {
      let sum = Int($1.0) + Int($1.1) + $0.carry
      $0.bytes.append(UInt8(truncatingIfNeeded: sum))
      $0.carry = sum >> 8
    }.bytes
    var stripped = try chain("no signed head")
    stripped.head = nil
    return ProofFile(
      replica: replica, seed: Hex.encode(VectorKey.seed(replica)),
      proved: try [
        Chain("three change sets", run, head, key: key),
        Chain("the first alone", [run[0]], try sign([run[0]]), key: key),
        chain("signed again, with another nonce", signature: Hex.decode(otherNonce)),
      ],
      unproved: try [
        chain("a bit of a body is another", altered),
        chain("two change sets changed places", swapped),
        chain("the second is missing", [run[0], run[2]]),
        chain("the last is missing", [run[0], run[1]]),
        chain("another hash", hash: ContentHash(weakHash)),
        chain("a bit of the signature is another", signature: flipped),
        chain("a head of another stream", other, dot: other[2].dot),
        chain(
          "a head of another epoch",
          dot: try Dot(vector: "530102/both:530102-2:3")),
        chain("a head of another number", dot: run[1].dot),
        chain(
          "the key of another replica", key: VectorKey.publicKey(try ReplicaID(vector: "530103-1"))),
        chain(
          "S raised by the order of the group", signature: Array(head.signature.prefix(32)) + wide),
        chain("a signature that holds only times the cofactor", signature: Hex.decode(cofactor)),
        chain("a signature of zeros", signature: [UInt8](repeating: 0, count: 64)),
        chain(
          "a key of order 1, under which R = key and S = 0 hold for any text",
          signature: identity + [UInt8](repeating: 0, count: 32), key: identity),
        chain("a key of zeros", key: [UInt8](repeating: 0, count: 32)), stripped,
      ])
  }

  /// Signatures of the head of the three change sets that no library makes, by the independent reader's arithmetic: with
  /// a nonce of one's own choice, and with a point of order 8 added to R.
  private static let otherNonce =
    "156066fae0212dbd64f85f330238e93fc600324b4b2f16a8a21ca59aeede783c"
    + "67a3110aa465a931e02a1228b1326099754b3414d766a1db6b5ee732bc720205"
  private static let cofactor =
    "b8c26437a2bf4abb265ef4b98733f770d626a523977371557b59fd9057afd6ce"
    + "20915fe5094babeff0bb17fe2c23030605e165898141761d726d8359ee1a070a"

  /// The order of the group, least significant byte first (RFC 8032 §5.1).
  private static let order: [UInt8] = [
    0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
  ]
}

@Suite struct ProofVectors {
  static let file = "chains.json"

  @Test func `The file is what the generator gives`() throws {
    try VectorFolder.settle(try ProofFile.make(), Self.file)
  }

  @Test func `Chains and heads prove as the file says`() throws {
    let file = try VectorFolder.read(ProofFile.self, Self.file)
    #expect(Hex.encode(VectorKey.seed(file.replica)) == file.seed)
    for chain in file.proved {
      let again = try ProofFile.Chain(
        chain.name, try chain.changeSets.map { try $0.changeSet() }, try chain.head?.head(),
        key: try Hex.decode(chain.publicKey))
      #expect(again.contentHashes == chain.contentHashes, "\(chain.name)")
      #expect(again.chainHashes == chain.chainHashes, "\(chain.name)")
      #expect(again.head?.signedHex == chain.head?.signedHex, "\(chain.name)")
      #expect(try chain.isProved(), "\(chain.name)")
    }
  }

  @Test func `What does not prove is refused`() throws {
    for chain in try VectorFolder.read(ProofFile.self, Self.file).unproved {
      #expect(try !chain.isProved(), "\(chain.name)")
    }
  }

  @Test func `Every flipped bit of a signed run is refused`() throws {
    let chain = try VectorFolder.read(ProofFile.self, Self.file).proved[0]
    for index in chain.changeSets.indices {
      let item = try chain.changeSets[index].changeSet()
      for bit in 0..<(item.header.count + item.body.count) * 8 {
        var (header, body) = (item.header, item.body)
        if bit / 8 < header.count {
          header[bit / 8] ^= 1 << UInt8(bit % 8)
        } else {
          body[bit / 8 - header.count] ^= 1 << UInt8(bit % 8)
        }
        var altered = chain
        altered.changeSets[index].headerHex = Hex.encode(header)
        altered.changeSets[index].bodyHex = Hex.encode(body)
        // A header that does not decode is refused before it comes to proofs.
        #expect((try? altered.isProved()) != true, "change set \(index + 1), bit \(bit)")
      }
    }
  }
}
