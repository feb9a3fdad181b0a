/// Every bound of the engine: value, unit, reason. Mirrored in Protocol/9-Limits.md and compared by a
/// test.
package enum Limits {
  /// Bytes of one value. Larger documents are evidence files, referred to by hash.
  package static let valueBytes = 16 << 20
  /// Bytes of the canonical form of one change set. An import commits in batches far below it.
  package static let changeSetBytes = 64 << 20
  /// Operations of one change set.
  package static let operationsPerChangeSet = 1_000_000
  /// Values (rows × columns) of one change set: constant columns take no bytes, memory does.
  package static let cellsPerChangeSet = 8 << 20
  /// Values of one change set per byte of its canonical body, above `ratioFreeCells`: bounds the work per byte.
  package static let cellsPerByte = 32
  /// Values for which no ratio is asked: 1,024 rows of 256 columns, all constant.
  package static let ratioFreeCells = 256 << 10
  /// Parts (streams) of one transaction: a province has 146 scopes × 3 channels.
  package static let partsPerTransaction = 512
  /// Bytes of a change set above which it travels in parts (engine.md §3).
  package static let partBytes = 256 << 10
  /// Parts of one change set: `changeSetBytes` in parts of `partBytes`, header and heads beside.
  package static let partsPerChangeSet = 260
  /// Bytes of one message: `partsPerChangeSet` parts of `partBytes`.
  package static let messageBytes = 65 << 20
  /// Bytes of one frame's payload on the wire.
  package static let frameBytes = 1 << 20
  /// Bytes of one frame's payload after inflation.
  package static let inflatedFrameBytes = 16 << 20
  /// Inflated bytes per compressed byte, above `ratioFreeBytes`.
  package static let inflationRatio = 64
  /// Inflated bytes for which no ratio is asked: small repetitive batches compress well.
  package static let ratioFreeBytes = 64 << 10
  /// Entries of one version vector: replicas that ever wrote in one scope.
  package static let vectorEntries = 4_096
  /// Streams of one handshake: 146 scopes × 3 channels and room for campaigns.
  package static let streamsPerHandshake = 16_384
  /// Change sets of one frame.
  package static let changeSetsPerFrame = 4_096
  /// Bytes of compressed change sets that a sender gathers in one frame: 10 s of a 64 kbit/s link.
  package static let frameTargetBytes = 80 << 10
  /// Change sets kept parked per stream and peer before the sender is asked to start again.
  package static let parkedChangeSets = 10_000
  /// Columns of a table.
  package static let columnsPerTable = 256
  /// Column groups of a table: a row clock names them in one 64-bit set.
  package static let groupsPerTable = 63
  /// Tables of a schema.
  package static let tablesPerSchema = 256
  /// Key columns of a table.
  package static let keyColumns = 8
  /// Bytes of a row key.
  package static let keyBytes = 1_024
  /// Bytes of an author.
  package static let authorBytes = 256
  /// Bytes of a reason or of the detail of a refusal.
  package static let reasonBytes = 1_024
  /// Bytes of a text in an error frame.
  package static let errorTextBytes = 1_024
  /// Dots of one register: concurrent writers of one value.
  package static let dotsPerRegister = 256
  /// Violations of one rule that are listed at once; all are counted.
  package static let violationsPerRule = 10_000
  /// Rows listed of one violation of uniqueness.
  package static let rowsPerViolation = 256
  /// Milliseconds by which a change set's clock may be ahead of its ingress hub's (engine.md §12).
  package static let clockAheadMilliseconds: UInt64 = 300_000
  /// Rows that an import or a generator commits in one transaction.
  package static let rowsPerBatch = 10_000
  /// Unsigned change sets of one replica and stream after which the head is signed.
  package static let changeSetsPerSignature = 4_096
  /// Milliseconds that a hub holds a long poll.
  package static let longPollMilliseconds: UInt64 = 25_000
  /// First pause after a failed exchange, milliseconds; doubles up to `backOffLongestMilliseconds`.
  package static let backOffFirstMilliseconds: UInt64 = 500
  /// Longest pause after failed exchanges, milliseconds.
  package static let backOffLongestMilliseconds: UInt64 = 300_000
  /// Bytes of change sets that one side sends in one turn: what a hub spends on one child before the next
  /// child has its turn.
  package static let turnBytes = 4 << 20
  /// Bytes of change sets that one side takes in one turn: a peer may have a larger budget than we have.
  package static let receivedTurnBytes = 256 << 20
  /// Frames of one turn: one KNOWLEDGE and one ACKNOWLEDGEMENT per stream, and the data.
  package static let framesPerTurn = 65_536
  /// ERROR frames of one turn; further ones wait for the next exchange.
  package static let reportsPerTurn = 64
  /// Pairs of stream and replica that are stopped on one link; further ones end the exchange.
  package static let stopsPerLink = 1_024
  /// Milliseconds that a stream is left out of exchanges because nothing moved in it; doubles up to
  /// `stuckLongestMilliseconds`.
  package static let stuckFirstMilliseconds: UInt64 = 5_000
  /// Longest time that a stream is left out of exchanges, milliseconds.
  package static let stuckLongestMilliseconds: UInt64 = 1_800_000
  /// Milliseconds after which a link is exchanged over even when nothing is known to have changed.
  package static let safetyExchangeMilliseconds: UInt64 = 300_000
  /// Milliseconds within which acknowledgements go up when nothing else does.
  package static let acknowledgeWithinMilliseconds: UInt64 = 10_000
  /// Failures in a row after which the next parent of the list is called.
  package static let failOverAfterFailures: UInt32 = 3
  /// Tries, a tenth of a second apart, to own a replica's file that a command holds, before `serve` gives up.
  package static let ownershipTries = 100
  /// Milliseconds after which a node is called again that could not write: another program held its file.
  package static let busyRetryMilliseconds: UInt64 = 1_000
  /// Milliseconds after which a node is called again whose disk was full: people make room in minutes.
  package static let diskFullRetryMilliseconds: UInt64 = 5_000
  /// Longest pause that a peer may ask for, milliseconds; longer ones are cut to it.
  package static let retryAfterLongestMilliseconds: UInt64 = 3_600_000
  /// Exchanges at once, one after another, before pauses of `backOffFirstMilliseconds` come between them.
  package static let exchangesInARow: UInt32 = 256
  /// Milliseconds that a long poll without news lasts at least; a shorter one counts as failed.
  package static let shortestWaitMilliseconds: UInt64 = 1_000
  /// Parents of one node.
  package static let parentsPerNode = 8
  /// Frames of one bundle file.
  package static let bundleFrames = 1 << 20
  /// Milliseconds between the starts of two exchanges for local changes: what comes in between goes
  /// together.
  package static let exchangeGapMilliseconds: UInt64 = 100
  /// Longest pause after failed long polls, milliseconds: where none get through, this is the interval
  /// of polling.
  package static let pollMilliseconds: UInt64 = 30_000
  /// Milliseconds after which a long poll without answer is given up: the hub's time and a slow link's.
  package static let waitLongestMilliseconds: UInt64 = 60_000
  /// Milliseconds after which an exchange without end is given up: two full turns at 19,200 bit/s.
  package static let exchangeLongestMilliseconds: UInt64 = 3_600_000
}

/// Bounds of the HTTP carrier (Protocol/7-HTTP §5). Each is a default that `tributary.conf` may lower.
extension Limits {
  /// Bytes of one exchange's request body: the largest change set, its frames and a turn beside it.
  package static let exchangeBodyBytes = 128 << 20
  /// Bytes of a long poll's request body: one HELLO with `streamsPerHandshake` summaries, and DONE.
  package static let waitBodyBytes = 2 << 20
  /// Bytes of one response body: as `exchangeBodyBytes`.
  package static let responseBodyBytes = 128 << 20
  /// Exchanges that a hub serves at once; one more gets 429.
  package static let concurrentExchanges = 64
  /// Long polls that a hub holds at once: every child of a province, several times over.
  package static let concurrentWaits = 1_024
  /// Open connections of one listener; more wait in the kernel's backlog.
  package static let connections = 2_048
  /// Bytes of one header line and of all of a request's header lines.
  package static let httpHeaderBytes = 16 << 10
  /// Header lines of one request.
  package static let httpHeaderFields = 64
  /// Milliseconds without a byte, in the direction that is due, after which a peer is given up.
  package static let silenceMilliseconds: UInt64 = 30_000
  /// Milliseconds for the head of a request to be complete, and of an unused connection. Longer than
  /// `silenceMilliseconds`, so that a slow body is answered before its connection is closed.
  package static let connectionIdleMilliseconds: UInt64 = 75_000
  /// Bytes that a sender must bring within `silenceMilliseconds` of waiting: a drip is no transfer.
  package static let leastBytesPerSilence = 512
  /// Open connections of the operations listener: a monitor or two, and a person.
  package static let operationsConnections = 32
  /// Bytes read and dropped after an early answer, so that the peer gets to read that answer.
  package static let lingerBytes = 1 << 20
  /// Bytes handed to a connection at once; each piece has `silenceMilliseconds` to leave.
  package static let writePieceBytes = 16 << 10
  /// Milliseconds for a connection to a parent to be made.
  package static let connectMilliseconds: UInt64 = 10_000
  /// Milliseconds that a child waits for a hub that says nothing: the hub is applying what it got.
  package static let answerMilliseconds: UInt64 = 120_000
  /// Bytes kept of an error answer.
  package static let errorBodyBytes = 4 << 10
  /// Bytes of a bundle file: a year of one county, far below.
  package static let bundleFileBytes = 4 << 30
  /// Bytes of `tributary.conf`.
  package static let configurationFileBytes = 64 << 10
  /// Milliseconds between two looks at whether another program wrote the replica's file.
  package static let fileWatchMilliseconds: UInt64 = 200
  /// Exchanges that `sync` makes with one parent before it gives up: each moves a turn's bytes.
  package static let exchangesPerSync = 10_000
}
