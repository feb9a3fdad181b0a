/// What the reading commands print with `--json`, as far as tests look at it.
enum Readings {
  struct Status: Decodable, Sendable {
    struct Stream: Decodable, Hashable, Sendable {
      let stream: String
      let rows: Int
      let changeSets: UInt64
      let waitingChangeSets: Int
      let digest: String
      let knowledge: [String: UInt64]
    }

    struct Peer: Decodable, Sendable {
      let replica: String
      let isParent: Bool
      let address: String?
      let lastContactAt: String?
      let lastError: String?
      let bytesIn: UInt64
      let bytesOut: UInt64
      let changeSetsIn: UInt64
      let changeSetsOut: UInt64
      let lagChangeSets: UInt64
      let missingChangeSets: UInt64
    }

    struct Quarantined: Decodable, Sendable {
      let kind: String
      let subject: String
      let detail: String
    }

    let replica: String
    let stopReason: String?
    let conflicts: Int
    let streams: [Stream]
    let peers: [Peer]
    let quarantine: [Quarantined]

    func peer(_ replica: String) -> Peer? { peers.first { $0.replica == replica } }
  }

  struct Conflict: Decodable, Sendable {
    struct Side: Decodable, Sendable {
      let number: Int
      let isShown: Bool
    }

    let id: String
    let table: String
    let sides: [Side]
  }

  struct Sync: Decodable, Sendable {
    let isComplete: Bool
    let changeSetsSent: Int
    let changeSetsApplied: Int
    let problem: String
    let problemCode: String
  }

  struct Check: Decodable, Sendable {
    let isSound: Bool
    let changeSets: Int
    let problems: [String]
  }

  struct Rows: Decodable, Sendable {
    struct Result: Decodable, Sendable {
      let columns: [String]
      let rows: [[Cell]]
    }

    /// A cell as text, whatever it is.
    struct Cell: Decodable, Sendable {
      let text: String?

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
          text = nil
        } else if let number = try? container.decode(Int64.self) {
          text = String(number)
        } else {
          text = try container.decode(String.self)
        }
      }
    }

    let results: [Result]
  }
}
