import Foundation
import Glibc
import TestSupport

/// Bytes on a socket of loopback, as somebody writes them who keeps to no protocol.
///
/// It blocks, on a thread of its own; it shares nothing with the client under test.
enum RawRequest {
  /// What came back until the other side closed or said no more for the limit.
  struct Answer: Sendable {
    let bytes: [UInt8]

    var text: String { String(decoding: bytes, as: UTF8.self) }
    /// 0 when it is no HTTP.
    var status: Int {
      text.hasPrefix("HTTP/1.1 ") ? Int(text.dropFirst(9).prefix(3)) ?? 0 : 0
    }
    /// Behind the head; chunks are not put together.
    var body: String { text.components(separatedBy: "\r\n\r\n").dropFirst().joined() }
  }

  /// Sends pieces, with a pause before each but the first, and reads the answer.
  static func send(
    _ pieces: [[UInt8]], to port: UInt16, pauseMilliseconds: UInt32 = 0,
    limitSeconds: Int = 30
  ) async throws -> Answer {
    try await withCheckedThrowingContinuation { continuation in
      Thread {
        continuation.resume(
          with: Result {
            try exchange(pieces, port, pauseMilliseconds, limitSeconds)
          })
      }.start()
    }
  }

  static func send(_ text: String, to port: UInt16) async throws -> Answer {
    try await send([Array(text.utf8)], to: port)
  }

  /// A request of the sync API with its length.
  static func post(
    _ path: String = "/sync/v1/exchange", body: [UInt8],
    type: String = "application/vnd.tributary.frames", headers: String = ""
  ) -> [UInt8] {
    Array(
      ("POST \(path) HTTP/1.1\r\nHost: test\r\nContent-Type: \(type)\r\n"
        + "Content-Length: \(body.count)\r\nConnection: close\r\n\(headers)\r\n").utf8) + body
  }

  private static func exchange(
    _ pieces: [[UInt8]], _ port: UInt16, _ pauseMilliseconds: UInt32, _ limitSeconds: Int
  ) throws -> Answer {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw ProgramFailure(description: "no socket") }
    defer { close(descriptor) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    var limit = timeval(tv_sec: limitSeconds, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(
      descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw ProgramFailure(description: "not connected to \(port)") }
    sending: for (index, piece) in pieces.enumerated() {
      if index > 0, pauseMilliseconds > 0 { usleep(pauseMilliseconds * 1_000) }
      var rest = piece[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes {
          Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        // Whoever closes before all has come has answered.
        if count <= 0 { break sending }
        rest = rest.dropFirst(count)
      }
    }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while answer.count < 64 << 20 {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count <= 0 { break }
      answer += buffer.prefix(count)
    }
    return Answer(bytes: answer)
  }
}
