import Glibc

/// One way through a connection: what came in and waits to go out.
private struct Lane {
  static let chunksAtMost = 16
  static let chunkBytes = 16 << 10

  let direction: FaultPlan.Direction
  let reader: Int32
  let writer: Int32
  /// Bytes read so far.
  var offset = 0
  var waiting: [(dueMilliseconds: UInt64, bytes: [UInt8])] = []
  /// The sender has finished.
  var isFinished = false
  /// The receiver was told so.
  var isShut = false
  /// The plan ends the connection once `waiting` is empty.
  var endsAfter = false

  var mayRead: Bool { !isFinished && !endsAfter && waiting.count < Lane.chunksAtMost }

  /// Takes bytes that came: to be passed on after the plan's delay, or with all that came before when nothing more
  /// comes for a while.
  mutating func wait(_ bytes: [UInt8], _ plan: FaultPlan, now: UInt64) {
    guard !bytes.isEmpty else { return }
    if plan.quietMilliseconds > 0 {
      waiting = [(now + plan.quietMilliseconds, waiting.flatMap(\.bytes) + bytes)]
    } else {
      waiting.append((now + plan.delayMilliseconds, bytes))
    }
  }
}

/// A client, the server's side of it, and the plan between.
private struct Connection {
  let client: Int32
  let server: Int32
  let plan: FaultPlan
  var up: Lane
  var down: Lane
  /// Cut cleanly: what still comes is thrown away until both sides close.
  var isDraining = false

  init(client: Int32, server: Int32, plan: FaultPlan) {
    (self.client, self.server, self.plan) = (client, server, plan)
    up = Lane(direction: .up, reader: client, writer: server)
    down = Lane(direction: .down, reader: server, writer: client)
  }

  func reset() {
    Socket.reset(client)
    Socket.reset(server)
  }

  func finish() {
    close(client)
    close(server)
  }
}

/// The thread of a `FaultProxy`: one poll loop over the listener and all connections.
struct ProxyLoop {
  private let proxy: FaultProxy
  private var listener: Int32
  private let wake: Int32
  private var connections: [Connection] = []
  private var isListening = true
  private var opened = 0

  init(proxy: FaultProxy, listener: Int32, wake: Int32) {
    (self.proxy, self.listener, self.wake) = (proxy, listener, wake)
  }

  mutating func run() {
    while true {
      let orders = proxy.takeOrders()
      if orders.resetsAll || orders.stops {
        for connection in connections { connection.reset() }
        connections = []
      }
      if orders.stops { break }
      obey(refusing: orders.refuses)
      proxy.obeyed(orders.given)
      wait(stalling: orders.stalls)
      if isListening { accept(orders.target) }
      if !orders.stalls { step() }
    }
    close(listener)
    close(wake)
    proxy.closeWake()
    proxy.obeyed(.max)
  }

  /// A socket that holds the port without listening makes the system refuse connections.
  private mutating func obey(refusing: Bool) {
    if refusing == !isListening { return }
    if refusing {
      do {
        // The new socket holds the port before the old one leaves it.
        let holder = try Socket.holding(port: proxy.port)
        close(listener)
        listener = holder
        isListening = false
      } catch {
        preconditionFailure("the proxy lost its port: \(error)")
      }
    } else {
      isListening = listen(listener, 128) == 0
    }
  }

  private func wait(stalling: Bool) {
    var polls = [pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
    if isListening { polls.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0)) }
    let now = ProxyLoop.milliseconds
    var pause: Int32 = -1
    func add(_ descriptor: Int32, reads: Bool, writes: Bool) {
      let events = (reads ? Int16(POLLIN) : 0) | (writes ? Int16(POLLOUT) : 0)
      if events != 0 { polls.append(pollfd(fd: descriptor, events: events, revents: 0)) }
    }
    for connection in connections where !stalling {
      if connection.isDraining {
        add(connection.client, reads: !connection.up.isFinished, writes: false)
        add(connection.server, reads: !connection.down.isFinished, writes: false)
        continue
      }
      for lane in [connection.up, connection.down] {
        let due = lane.waiting.first?.dueMilliseconds
        add(lane.reader, reads: lane.mayRead, writes: false)
        add(lane.writer, reads: false, writes: due.map { $0 <= now } ?? false)
        if let due, due > now {
          let rest = Int32(clamping: due - now)
          pause = pause < 0 ? rest : min(pause, rest)
        }
      }
    }
    _ = poll(&polls, nfds_t(polls.count), pause)
    var drain = [UInt8](repeating: 0, count: 64)
    while read(wake, &drain, drain.count) > 0 {}
  }

  private mutating func accept(_ target: UInt16) {
    while true {
      let client = Glibc.accept(listener, nil, nil)
      if client < 0 { return }
      Socket.makeQuick(client)
      guard let server = Socket.connecting(to: target) else {
        Socket.reset(client)
        continue
      }
      connections.append(Connection(client: client, server: server, plan: proxy.plan(opened)))
      opened += 1
      proxy.count { $0.connections += 1 }
    }
  }

  private mutating func step() {
    var kept: [Connection] = []
    for var connection in connections where !isOver(&connection) { kept.append(connection) }
    connections = kept
  }

  /// Moves what can be moved; returns whether the connection is over, its descriptors closed.
  private func isOver(_ connection: inout Connection) -> Bool {
    let plan = connection.plan
    if !connection.isDraining {
      for path in [\Connection.up, \Connection.down] {
        guard receive(&connection[keyPath: path], plan), send(&connection[keyPath: path]) else {
          connection.reset()
          return true
        }
      }
      let lanes = [connection.up, connection.down]
      if lanes.contains(where: { $0.endsAfter && $0.waiting.isEmpty }) {
        if plan.ending == .reset {
          connection.reset()
          return true
        }
        shutdown(connection.client, Int32(SHUT_WR))
        shutdown(connection.server, Int32(SHUT_WR))
        connection.isDraining = true
      } else if lanes.allSatisfy(\.isShut) {
        connection.finish()
        return true
      }
    }
    guard connection.isDraining else { return false }
    // Closing with unread bytes would reset what the peer has yet to read.
    let isUpOver = drain(&connection.up)
    let isDownOver = drain(&connection.down)
    if isUpOver, isDownOver { connection.finish() }
    return isUpOver && isDownOver
  }

  /// Reads what has come; false when the connection is broken.
  private func receive(_ lane: inout Lane, _ plan: FaultPlan) -> Bool {
    var chunk = [UInt8](repeating: 0, count: Lane.chunkBytes)
    while lane.mayRead {
      let count = read(lane.reader, &chunk, chunk.count)
      if count < 0 { return errno == EAGAIN || errno == EINTR }
      if count == 0 {
        lane.isFinished = true
        return true
      }
      let (bytes, isCut) = plan.apply(
        to: Array(chunk.prefix(count)), at: lane.offset, lane.direction)
      lane.offset += count
      lane.endsAfter = isCut
      lane.wait(bytes, plan, now: ProxyLoop.milliseconds)
    }
    return true
  }

  /// Writes what is due; false when the connection is broken.
  private func send(_ lane: inout Lane) -> Bool {
    while let (due, bytes) = lane.waiting.first, due <= ProxyLoop.milliseconds {
      let count = Glibc.send(lane.writer, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      if count < 0 { return errno == EAGAIN || errno == EINTR }
      let isUp = lane.direction == .up
      proxy.count { counts in
        if isUp { counts.bytesUp += count } else { counts.bytesDown += count }
      }
      if count < bytes.count {
        lane.waiting[0].bytes.removeFirst(count)
        return true
      }
      lane.waiting.removeFirst()
    }
    if lane.waiting.isEmpty, lane.isFinished, !lane.isShut, !lane.endsAfter {
      shutdown(lane.writer, Int32(SHUT_WR))
      lane.isShut = true
    }
    return true
  }

  /// Throws away what has come; true when the sender has finished or is gone.
  private func drain(_ lane: inout Lane) -> Bool {
    var chunk = [UInt8](repeating: 0, count: Lane.chunkBytes)
    while !lane.isFinished {
      let count = read(lane.reader, &chunk, chunk.count)
      if count < 0, errno == EAGAIN || errno == EINTR { return false }
      lane.isFinished = count <= 0
    }
    return true
  }

  private static var milliseconds: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000 + UInt64(time.tv_nsec) / 1_000_000
  }
}
