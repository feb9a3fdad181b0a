internal import Changes

/// Ranges and defaults of the settings that are numbers.
enum ConfigurationRules {
  static let parents = Limits.parentsPerNode
  /// Bytes of a turn: 30 s of a 128 kbit/s link.
  static let turnBytes: UInt64 = 480 << 10

  /// Nil for settings that are no numbers.
  static func range(of key: ConfigurationKey) -> ClosedRange<UInt64>? {
    switch key {
    case .listen, .operationsListen, .parents, .dataFolder, .logLevel, .logFormat: nil
    case .pollMilliseconds: 100...86_400_000
    // Above, proxies and routers forget the connection.
    case .longPollMilliseconds: Limits.shortestWaitMilliseconds...55_000
    case .connectMilliseconds: 100...120_000
    case .answerMilliseconds: 1_000...3_600_000
    case .silenceMilliseconds: 1_000...Limits.connectionIdleMilliseconds - 5_000
    // A turn must be able to carry one part.
    case .turnBytes: UInt64(Limits.partBytes)...UInt64(Limits.changeSetBytes)
    case .concurrentExchanges: 1...4_096
    case .concurrentWaits: 1...65_536
    case .connections: 1...65_536
    }
  }

  /// Nil for settings that are no numbers.
  static func defaultNumber(of key: ConfigurationKey) -> UInt64? {
    switch key {
    case .listen, .operationsListen, .parents, .dataFolder, .logLevel, .logFormat: nil
    case .pollMilliseconds: 30_000
    case .longPollMilliseconds: Limits.longPollMilliseconds
    case .connectMilliseconds: Limits.connectMilliseconds
    case .answerMilliseconds: Limits.answerMilliseconds
    case .silenceMilliseconds: Limits.silenceMilliseconds
    case .turnBytes: turnBytes
    case .concurrentExchanges: UInt64(Limits.concurrentExchanges)
    case .concurrentWaits: UInt64(Limits.concurrentWaits)
    case .connections: UInt64(Limits.connections)
    }
  }
}
