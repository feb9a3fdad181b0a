import Glibc

/// A call to the system that failed, with its errno.
package struct SocketError: Error, CustomStringConvertible {
  package let call: String
  package let code: Int32

  init(call: String, code: Int32 = errno) { (self.call, self.code) = (call, code) }

  package var description: String { "\(call): \(String(cString: strerror(code)))" }
}

/// TCP on loopback by descriptors that never block.
enum Socket {
  private static func make() throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw SocketError(call: "socket") }
    makeQuick(descriptor)
    return descriptor
  }

  /// Makes a descriptor never block and never pass to a child process, which would keep it open.
  static func makeQuick(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  private static func withAddress<T>(
    _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T
  ) -> T {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, size) }
    }
  }

  /// A socket that holds a port, 0 for a free one. Until `listen` the system refuses connections to it.
  static func holding(port: UInt16) throws -> Int32 {
    let descriptor = try make()
    var yes: Int32 = 1
    for option in [SO_REUSEADDR, SO_REUSEPORT] {
      setsockopt(descriptor, SOL_SOCKET, option, &yes, socklen_t(MemoryLayout<Int32>.size))
    }
    guard withAddress(port, { bind(descriptor, $0, $1) }) == 0 else {
      let error = SocketError(call: "bind")
      close(descriptor)
      throw error
    }
    return descriptor
  }

  static func listening(port: UInt16) throws -> Int32 {
    let descriptor = try holding(port: port)
    guard listen(descriptor, 128) == 0 else {
      let error = SocketError(call: "listen")
      close(descriptor)
      throw error
    }
    return descriptor
  }

  static func port(of descriptor: Int32) throws -> UInt16 {
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(descriptor, $0, &size)
      }
    }
    guard status == 0 else { throw SocketError(call: "getsockname") }
    return UInt16(bigEndian: address.sin_port)
  }

  /// A socket that is connecting, or nil when that failed at once.
  static func connecting(to port: UInt16) -> Int32? {
    guard let descriptor = try? make() else { return nil }
    if withAddress(port, { connect(descriptor, $0, $1) }) == 0 || errno == EINPROGRESS {
      return descriptor
    }
    close(descriptor)
    return nil
  }

  /// Closes at once; the peer is told of a reset.
  static func reset(_ descriptor: Int32) {
    var now = linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    close(descriptor)
  }
}
