import Foundation
import Glibc
import Synchronization

/// Stands between a node and its parent on loopback and spoils connections as told.
///
/// One thread of its own; every method may be called from any task, and an order holds when it returns.
/// `stop()` ends it.
package final class FaultProxy: Sendable {
  /// What passed since the start.
  package struct Counts: Hashable, Sendable {
    package var connections = 0
    /// Bytes passed on to the server and from it.
    package var bytesUp = 0
    package var bytesDown = 0
  }

  struct Orders: Sendable {
    var plan: @Sendable (Int) -> FaultPlan = { _ in FaultPlan() }
    var refuses = false
    /// Nothing is passed on; connections stay open.
    var stalls = false
    var target: UInt16
    /// Connections opened so far are to be reset.
    var resetsAll = false
    var stops = false
    /// Number of the last order, and of the last that the thread obeyed.
    var given: UInt64 = 0
    var obeyed: UInt64 = 0
    var counts = Counts()
  }

  /// Where a node connects to: a loopback port of this proxy.
  package let port: UInt16
  private let orders: Mutex<Orders>
  private let wakeDescriptor: Int32

  /// Listens on a free port and passes on to `port` of loopback, which need not listen yet.
  package init(to port: UInt16) throws {
    let listener = try Socket.listening(port: 0)
    var pipes: [Int32] = [0, 0]
    guard pipe(&pipes) == 0 else { throw SocketError(call: "pipe") }
    for descriptor in pipes { Socket.makeQuick(descriptor) }
    wakeDescriptor = pipes[1]
    orders = Mutex(Orders(target: port))
    self.port = try Socket.port(of: listener)
    let wake = pipes[0]
    // The thread holds the proxy until it is stopped, so that its descriptors outlive every call.
    let thread = Thread { [self] in
      var loop = ProxyLoop(proxy: self, listener: listener, wake: wake)
      loop.run()
    }
    thread.start()
  }

  /// Says what goes wrong on connections from now on, by their number since the start, from 0.
  package func spoil(_ plan: @escaping @Sendable (Int) -> FaultPlan) {
    order { $0.plan = plan }
  }

  /// The same for every connection from now on.
  package func spoil(_ plan: FaultPlan) { spoil { _ in plan } }

  /// Nothing goes wrong on connections from now on.
  package func heal() {
    order { orders in
      orders.plan = { _ in FaultPlan() }
      orders.refuses = false
      orders.stalls = false
    }
  }

  /// Passes new connections on to another port of loopback: the server has started anew.
  package func retarget(to port: UInt16) { order { $0.target = port } }

  /// Passes nothing on in either direction, and ends nothing, until `heal()`: a link that is half open.
  package func stall() { order { $0.stalls = true } }

  /// Resets all connections and refuses new ones until `heal()`: the cable is out.
  package func disconnect() {
    order { orders in
      orders.refuses = true
      orders.resetsAll = true
    }
  }

  /// Resets all connections; new ones are welcome.
  package func resetAll() { order { $0.resetsAll = true } }

  /// Ends all connections and the proxy. Nothing may be called afterwards.
  package func stop() { order { $0.stops = true } }

  package var counts: Counts { orders.withLock { $0.counts } }

  private func order(_ change: (inout sending Orders) -> Void) {
    let number = orders.withLock { orders in
      change(&orders)
      orders.given += 1
      return orders.given
    }
    var byte: UInt8 = 0
    // A full pipe wakes the thread as well.
    _ = write(wakeDescriptor, &byte, 1)
    while orders.withLock({ $0.obeyed < number }) { usleep(100) }
  }

  /// The thread has done what its orders said up to this number.
  func obeyed(_ number: UInt64) { orders.withLock { $0.obeyed = number } }

  /// The orders as they stand; `resetsAll` is taken with them.
  func takeOrders() -> Orders {
    orders.withLock { orders in
      let taken = orders
      orders.resetsAll = false
      return taken
    }
  }

  /// What is to go wrong on a connection that was opened just now.
  func plan(_ number: Int) -> FaultPlan { orders.withLock { $0.plan }(number) }

  func count(_ change: (inout sending Counts) -> Void) { orders.withLock { change(&$0.counts) } }

  func closeWake() { close(wakeDescriptor) }
}
