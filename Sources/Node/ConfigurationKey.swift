/// A setting of the node: its name in `tributary.conf`, where flags and variables are named after it.
package enum ConfigurationKey: String, Hashable, Sendable, CaseIterable {
  case listen
  case operationsListen = "operations_listen"
  case parents
  case dataFolder = "data_folder"
  case pollMilliseconds = "poll_milliseconds"
  case longPollMilliseconds = "long_poll_milliseconds"
  case connectMilliseconds = "connect_milliseconds"
  case answerMilliseconds = "answer_milliseconds"
  case silenceMilliseconds = "silence_milliseconds"
  case turnBytes = "turn_bytes"
  case concurrentExchanges = "concurrent_exchanges"
  case concurrentWaits = "concurrent_waits"
  case connections
  case logLevel = "log_level"
  case logFormat = "log_format"

  /// `TRIBUTARY_LOG_LEVEL` for `log_level`.
  package var environmentName: String { "TRIBUTARY_" + rawValue.uppercased() }

  /// `--log-level` for `log_level`.
  package var flagName: String {
    "--" + String(rawValue.map { $0 == "_" ? "-" : $0 })
  }

  /// What it is for: one sentence, without a full stop at its end.
  package var summary: String {
    switch self {
    case .listen:
      "where children and people call, host:port; put a TLS proxy before it when that is no trusted network"
    case .operationsListen: "where /healthz, /readyz and /metrics answer, host:port"
    case .parents:
      "the hubs above, http://host[:port][/prefix], separated by commas; the first is called first"
    case .dataFolder: "the folder of the replica"
    case .pollMilliseconds: "pause between exchanges with a parent that offers no long poll"
    case .longPollMilliseconds: "how long a long poll is held when there is no news"
    case .connectMilliseconds: "how long a connection to a parent may take to be made"
    case .answerMilliseconds: "how long a parent may say nothing before the exchange is given up"
    case .silenceMilliseconds: "how long a child may say nothing before its connection is given up"
    case .turnBytes: "bytes of change sets that one turn of an exchange carries, about"
    case .concurrentExchanges: "exchanges served at once; one more is told to come again"
    case .concurrentWaits: "long polls held at once"
    case .connections: "open connections of the listener"
    case .logLevel: "what is logged to stderr, and all that is graver"
    case .logFormat: "how log lines are written"
    }
  }

  /// What a value may be, as text for `config show` and for errors.
  package var allowed: String {
    switch self {
    case .listen, .operationsListen: "host:port, IPv6 addresses in brackets, port 0 to 65535"
    case .parents:
      "at most \(ConfigurationRules.parents) of http://host[:port][/prefix], each once; https needs a proxy"
    case .dataFolder: "a path"
    case .logLevel: ConfigurationLogLevel.allCases.map(\.rawValue).joined(separator: ", ")
    case .logFormat: ConfigurationLogFormat.allCases.map(\.rawValue).joined(separator: ", ")
    default:
      ConfigurationRules.range(of: self).map {
        "a whole number from \($0.lowerBound) to \($0.upperBound)"
      } ?? ""
    }
  }

  /// The value when nothing else says; empty for none.
  package var defaultText: String {
    switch self {
    case .listen: "127.0.0.1:8440"
    case .operationsListen: "127.0.0.1:8441"
    case .parents: ""
    case .dataFolder: "tributary-data"
    case .logLevel: ConfigurationLogLevel.info.rawValue
    case .logFormat: ConfigurationLogFormat.text.rawValue
    default: ConfigurationRules.defaultNumber(of: self).map { "\($0)" } ?? ""
    }
  }
}

/// The gravest first. Source: swift-log's levels.
package enum ConfigurationLogLevel: String, Hashable, Sendable, CaseIterable {
  case critical, error, warning, notice, info, debug, trace
}

/// How log lines are written.
package enum ConfigurationLogFormat: String, Hashable, Sendable, CaseIterable {
  case text, json
}
