import Foundation
import Glibc

/// A blocking client of one loopback port, for the tests of the proxy.
struct LoopbackClient {
  private let descriptor: Int32

  /// nil when the system refuses.
  init?(port: UInt16) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    // No test waits longer than this for a byte.
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    let status = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if status != 0 {
      close(descriptor)
      return nil
    }
  }

  func send(_ bytes: [UInt8]) {
    _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// What comes until the other side ends it, and whether it ended cleanly.
  func receiveAll() -> (bytes: [UInt8], isClean: Bool) {
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count <= 0 {
        close(descriptor)
        return (all, count == 0)
      }
      all += chunk.prefix(count)
    }
  }
}

/// Sends back what it gets, turned by 1 a byte, on a thread per connection.
final class LoopbackEcho: Sendable {
  let port: UInt16
  private let listener: Int32

  init() throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, size) == 0 && listen(descriptor, 64) == 0
          ? getsockname(descriptor, address, &size) : -1
      }
    }
    guard status == 0 else { throw CocoaError(.fileWriteUnknown) }
    port = UInt16(bigEndian: address.sin_port)
    listener = descriptor
    Thread.detachNewThread {
      while true {
        let client = accept(descriptor, nil, nil)
        if client < 0 { return }
        Thread.detachNewThread { LoopbackEcho.serve(client) }
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  private static func serve(_ client: Int32) {
    var chunk = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = read(client, &chunk, chunk.count)
      if count <= 0 { break }
      let answer = chunk.prefix(count).map { $0 &+ 1 }
      _ = send(client, answer, count, Int32(MSG_NOSIGNAL))
    }
    close(client)
  }
}
