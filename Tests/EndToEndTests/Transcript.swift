import Synchronization

/// What a running program has said so far, line by line, for any number of readers.
final class Transcript: Sendable {
  enum Source: Sendable {
    case output, error
  }

  struct Line: Sendable {
    let source: Source
    let text: String
  }

  private struct State {
    var lines: [Line] = []
    var isOver = false
    var readers: [AsyncStream<Line>.Continuation] = []
    var processID: Int32?
  }

  private let state = Mutex(State())

  var processID: Int32? {
    get { state.withLock { $0.processID } }
    set { state.withLock { $0.processID = newValue } }
  }

  func append(_ text: String, _ source: Source) {
    let line = Line(source: source, text: text)
    let readers = state.withLock { state in
      state.lines.append(line)
      return state.readers
    }
    for reader in readers { reader.yield(line) }
  }

  /// The program has ended; nothing more will be said.
  func end() {
    let readers = state.withLock { state in
      state.isOver = true
      defer { state.readers = [] }
      return state.readers
    }
    for reader in readers { reader.finish() }
  }

  var isOver: Bool { state.withLock { $0.isOver } }

  /// All lines from the first on, and those to come until the program ends.
  var lines: AsyncStream<Line> {
    let (stream, continuation) = AsyncStream.makeStream(of: Line.self)
    state.withLock { state in
      for line in state.lines { continuation.yield(line) }
      if state.isOver { continuation.finish() } else { state.readers.append(continuation) }
    }
    return stream
  }

  /// The text of one source so far, each line ended.
  func text(_ source: Source) -> String {
    state.withLock { state in
      state.lines.filter { $0.source == source }.map { $0.text + "\n" }.joined()
    }
  }
}
