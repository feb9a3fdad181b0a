package import Transport

extension Configuration {
  /// The bounds of the listener, as configured.
  package var syncLimits: SyncLimits {
    var limits = SyncLimits()
    limits.concurrentExchanges = concurrentExchanges
    limits.concurrentWaits = concurrentWaits
    limits.connections = connections
    limits.silenceMilliseconds = silenceMilliseconds
    return limits
  }

  /// The patience with parents, as configured.
  package var clientTimeouts: SyncClient.Timeouts {
    var timeouts = SyncClient.Timeouts()
    timeouts.connectMilliseconds = connectMilliseconds
    timeouts.answerMilliseconds = answerMilliseconds
    return timeouts
  }
}
