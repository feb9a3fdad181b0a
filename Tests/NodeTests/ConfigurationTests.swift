import Node
import Testing
import Transport

@Suite struct ConfigurationTests {
  private func file(_ text: String) -> (path: String, bytes: [UInt8]) {
    ("t.conf", Array(text.utf8))
  }

  private func error(
    _ text: String = "", flags: [ConfigurationKey: String] = [:],
    environment: [String: String] = [:]
  ) -> ConfigurationError? {
    do throws(ConfigurationError) {
      _ = try Configuration(flags: flags, environment: environment, file: file(text))
      return nil
    } catch {
      return error
    }
  }

  @Test func `defaults are valid, and shown as such`() throws {
    let configuration = try Configuration()
    #expect(configuration.listen.description == "127.0.0.1:8440")
    #expect(configuration.operationsListen.host == "127.0.0.1")
    #expect(configuration.parents.isEmpty)
    #expect(configuration.settings.map(\.key) == ConfigurationKey.allCases)
    #expect(configuration.settings.allSatisfy { $0.origin == .builtIn })
    #expect(configuration.syncLimits == SyncLimits())
    #expect(configuration.clientTimeouts == SyncClient.Timeouts())
  }

  @Test func `a flag goes before the environment, that before the file, that before the default`()
    throws
  {
    let text =
      "log_level = debug\n\n  # comment\nlog_format=json\nturn_bytes = 300000\r\nlisten = a:1"
    let configuration = try Configuration(
      flags: [.logLevel: "error"],
      environment: [
        "TRIBUTARY_LOG_LEVEL": "trace", "TRIBUTARY_LOG_FORMAT": "text", "TRIBUTARY_OTHER": "x",
      ],
      file: file(text))
    #expect(configuration.logLevel == .error)
    #expect(configuration.logFormat == .text)
    #expect(configuration.turnBytes == 300_000)
    #expect(configuration.listen == HostAndPort("a:1"))
    let origins = configuration.settings.filter { $0.origin != .builtIn }.map {
      "\($0.key.rawValue)=\($0.value) \($0.origin)"
    }
    #expect(
      origins == [
        "listen=a:1 t.conf:6", "turn_bytes=300000 t.conf:5", "log_level=error flag --log-level",
        "log_format=text environment TRIBUTARY_LOG_FORMAT",
      ])
  }

  @Test func `parents are a list in the order given`() throws {
    let text = "parents = http://a.example , http://b.example:81/x/"
    let configuration = try Configuration(file: file(text))
    #expect(
      configuration.parents.map(\.description) == [
        "http://a.example:80", "http://b.example:81/x",
      ])
  }

  @Test func `errors name line, key, value and what is allowed`() {
    #expect(
      error("\nlog_levle = debug")
        == .unknownKey(path: "t.conf", line: 2, key: "log_levle", nearest: .logLevel))
    #expect(
      error("log-level = debug")
        == .unknownKey(path: "t.conf", line: 1, key: "log-level", nearest: .logLevel))
    #expect(
      error("colour = 1") == .unknownKey(path: "t.conf", line: 1, key: "colour", nearest: nil))
    #expect(error("listen") == .malformedLine(path: "t.conf", line: 1, text: "listen"))
    #expect(
      error("listen = a:1\nlisten = a:2")
        == .repeatedKey(path: "t.conf", line: 2, key: .listen, firstLine: 1))
    #expect(
      error("listen = a:1 # here")
        == .invalidValue(.listen, value: "a:1 # here", origin: .file(path: "t.conf", line: 1)))
    let text = "\(error("log_level = loud", flags: [:]).map { "\($0)" } ?? "")"
    for part in ["log_level", "loud", "t.conf:1", "critical, error, warning"] {
      #expect(text.contains(part), "\(text)")
    }
  }

  @Test func `values out of their range are refused wherever they come from`() {
    let cases: [(ConfigurationKey, [String])] = [
      (.listen, ["", "8440", "a:65536", "http://a.example:1"]),
      (
        .parents,
        ["a", "https://a.example", "http://a.example,", "http://a.example,http://a.example:80"]
      ),
      (.dataFolder, ["", "a\0b"]),
      (.turnBytes, ["", "0", "-1", "1e6", " 300000", "99999999999999999999", "262143"]),
      (.longPollMilliseconds, ["999", "55001"]),
      (.answerMilliseconds, ["25000", "999"]),
      (.silenceMilliseconds, ["70001"]),
      (.concurrentExchanges, ["0"]),
      (.logLevel, ["INFO", ""]),
      (.logFormat, ["xml"]),
    ]
    for (key, values) in cases {
      for value in values {
        #expect(
          error(flags: [key: value])
            == .invalidValue(key, value: value, origin: .flag(key.flagName)), "\(key) \(value)")
        #expect(
          error(environment: [key.environmentName: value])
            == .invalidValue(key, value: value, origin: .environment(key.environmentName)))
      }
    }
  }

  @Test func `a file that is no text or too large is refused`() {
    #expect(throws: ConfigurationError.unreadable(path: "f", reason: "not UTF-8")) {
      try Configuration(file: ("f", [0xFF]))
    }
    #expect(throws: ConfigurationError.self) {
      try Configuration(file: ("f", [UInt8](repeating: 0x20, count: 100_000)))
    }
  }

  @Test func `the example has every key, and is valid with its lines in effect`() throws {
    #expect(try Configuration(file: file(Configuration.example)) == Configuration())
    let lines = Configuration.example.split(separator: "\n").map { line in
      let isKey = ConfigurationKey.allCases.contains { line.hasPrefix("#\($0.rawValue) =") }
      return isKey ? String(line.dropFirst()) : String(line)
    }
    let configuration = try Configuration(file: file(lines.joined(separator: "\n")))
    #expect(configuration.settings.map(\.value) == (try Configuration()).settings.map(\.value))
    #expect(configuration.settings.allSatisfy { $0.origin != .builtIn })
  }
}
