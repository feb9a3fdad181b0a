package import Causality
package import Changes
internal import Wire

/// The engine's own replicated table: which replicas there are, with their keys, in the scope of each node's
/// division, written by the hub that admits it.
///
/// Source: engine.md §3 (signatures), §6. The top's own row is written by itself; its key is the anchor that
/// every node gets at `init`.
package enum Registry {
  package static let table = TableDeclaration(
    id: TableID(1), name: "tributary_replicas", writers: .above, scopeColumn: "division",
    key: [KeyColumn(name: "replica", kind: .text)],
    columns: [
      ColumnDeclaration(id: 1, name: "public_key", kind: .blob),
      ColumnDeclaration(id: 2, name: "status", kind: .text),
      ColumnDeclaration(id: 3, name: "name", kind: .text),
    ],
    groups: [GroupDeclaration(id: GroupID(1), policy: .immutable)])

  static let publicKey = ColumnID(1)
  static let status = ColumnID(2)
  static let name = ColumnID(3)
  static let active = "active"
}

/// What a new node sends to the hub that shall admit it.
package struct EnrolmentRequest: Hashable, Sendable {
  package let replica: ReplicaID
  /// 32 bytes of Ed25519.
  package let publicKey: [UInt8]
  /// Display name; may be empty.
  package let name: String
  /// By the key itself, over "tributary enrolment v1" and the fields: the sender holds the private key.
  package let signature: [UInt8]

  package init(replica: ReplicaID, publicKey: [UInt8], name: String, signature: [UInt8]) {
    self.replica = replica
    self.publicKey = publicKey
    self.name = name
    self.signature = signature
  }

  /// The bytes that `signature` covers.
  package static func signedBytes(replica: ReplicaID, publicKey: [UInt8], name: String) -> [UInt8] {
    EnrolmentBytes.signed(replica: replica, publicKey: publicKey, name: name)
  }
}

/// An entry of the registry.
package struct RegisteredReplica: Hashable, Sendable {
  package let replica: ReplicaID
  package let publicKey: [UInt8]
  package let status: String
  package let name: String

  /// Whether its life is not over.
  package var isActive: Bool { status == Registry.active }
}

extension Replica {
  /// Admits a child: writes its replica and key into the registry, in the scope of its division.
  ///
  /// Throws `notAdmissible` when the request is not signed by its key, the division is not below this node's,
  /// or the replica is registered with another key. Admitting twice changes nothing.
  package func admit(
    _ request: EnrolmentRequest, author: String, wallMilliseconds: UInt64
  ) throws(StoreError) -> WriteReceipt<Bool> {
    // A key of small order, or of another form, admits nobody.
    guard !WeakKey.contains(request.publicKey),
      host.signatures.isValid(
        request.signature,
        of: EnrolmentRequest.signedBytes(
          replica: request.replica, publicKey: request.publicKey, name: request.name),
        by: request.publicKey)
    else { throw .notAdmissible("the request of \(request.replica) is not signed by its key") }
    let scope = request.replica.node.scope
    guard tree.contains(scope) else { throw .notAdmissible("division \(scope) is not in the tree") }
    let own = identity.replica.node
    guard tree.isAtOrAbove(own.scope, scope), request.replica != identity.replica else {
      throw .notAdmissible("division \(scope) is not below \(own.scope)")
    }
    return try write(
      author: author, reason: "enrol", wallMilliseconds: wallMilliseconds
    ) { transaction throws(StoreError) in
      let key: [Value] = [.text(request.replica.description)]
      if let row = try transaction.read(Registry.table.id, scope: scope, key: key) {
        guard row.values[0] == .blob(request.publicKey) else {
          throw .notAdmissible("\(request.replica) is registered with another key")
        }
        return false
      }
      try transaction.insert(
        Registry.table.id, scope: scope, key: key,
        [
          ColumnValue(Registry.publicKey, .blob(request.publicKey)),
          ColumnValue(Registry.status, .text(Registry.active)),
          ColumnValue(Registry.name, .text(request.name)),
        ])
      return true
    }
  }

  /// The entry of a replica; nil when it is not registered in a stream held here.
  package func registered(_ replica: ReplicaID) throws(StoreError) -> RegisteredReplica? {
    try onConnection { () throws(StoreError) in try registeredReplica(replica) }
  }

  /// The newest admitted life of a node; nil when none is registered in a stream held here. The anchor's is
  /// known from the start.
  package func admittedReplica(of node: NodeCode) throws(StoreError) -> ReplicaID? {
    let registered = try registeredReplicas().filter {
      $0.replica.node == node && $0.isActive
    }
    let anchor = identity.anchor.replica
    return registered.map(\.replica).max() ?? (anchor.node == node ? anchor : nil)
  }

  func registeredReplica(_ replica: ReplicaID) throws(StoreError) -> RegisteredReplica? {
    let select = try statements(
      "SELECT public_key, status, name FROM tributary_replicas WHERE division = ? AND replica = ?")
    defer { select.reset() }
    select.bind(1, text: replica.node.scope.description)
    select.bind(2, text: replica.description)
    guard try select.step() else { return nil }
    return RegisteredReplica(
      replica: replica, publicKey: select.blob(0), status: select.text(1), name: select.text(2))
  }

  /// All registered replicas held here, by division and id.
  package func registeredReplicas() throws(StoreError) -> [RegisteredReplica] {
    try onConnection { () throws(StoreError) in
      let select = try statements(
        "SELECT replica, public_key, status, name FROM tributary_replicas "
          + "ORDER BY division, replica")
      defer { select.reset() }
      var list: [RegisteredReplica] = []
      while try select.step() {
        guard let replica = ReplicaID(select.text(0)) else { continue }
        list.append(
          RegisteredReplica(
            replica: replica, publicKey: select.blob(1), status: select.text(2),
            name: select.text(3)))
      }
      return list
    }
  }

  /// The key that proves a replica's change sets: its own, the anchor's, or the registered one.
  func verifyingKey(of replica: ReplicaID) throws(StoreError) -> [UInt8]? {
    if replica == identity.replica {
      return identity.publicKey
    } else if replica == identity.anchor.replica {
      return identity.anchor.publicKey
    }
    guard let key = try registeredReplica(replica)?.publicKey else { return nil }
    // A key of small order proves nothing.
    return WeakKey.contains(key) ? nil : key
  }

  /// Verifies a signature of a replica; false when its key is not known here.
  package func isSigned(
    _ bytes: [UInt8], signature: [UInt8], by replica: ReplicaID
  ) throws(StoreError) -> Bool {
    try onConnection { () throws(StoreError) in
      guard let key = try verifyingKey(of: replica) else { return false }
      return host.signatures.isValid(signature, of: bytes, by: key)
    }
  }

  /// Whether a peer is a registered replica of a division below this node's.
  package func isAdmittedChild(_ peer: ReplicaID) throws(StoreError) -> Bool {
    let scope = peer.node.scope
    guard tree.isAtOrAbove(identity.replica.node.scope, scope), peer != identity.replica else {
      return false
    }
    return try registered(peer)?.status == Registry.active
  }

  /// Why this node, as the ingress hub, refuses a change set of `author`; nil when it may stand.
  func refusal(
    of header: ChangeSetHeader, _ body: ChangeSetBody?, by author: ReplicaID
  ) -> (RefusalReason, String)? {
    let scope = header.stream.scope
    let writer = author.node.scope
    guard tree.isAtOrAbove(writer, scope) else {
      return (.scopeNotWritable, "\(author) in \(header.stream)")
    }
    // A malformed body has no effect to judge.
    for block in body?.blocks ?? [] {
      guard let layout = layouts[block.table] else { continue }
      if !tree.mayWrite(writer, layout.table.writers, in: scope) {
        return (.tableNotWritable, "\(author) in \(layout.table.name), scope \(scope)")
      }
    }
    return nil
  }
}
