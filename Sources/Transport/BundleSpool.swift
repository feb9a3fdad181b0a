internal import Changes

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

extension BundleFile {
  /// Bytes of a bundle that wait until what stands before them is known. The file has no name, so nothing is left
  /// of it, however the program ends.
  ///
  /// A class, because it owns a descriptor; use it from one task.
  package final class Spool {
    private let path: String
    private let limitBytes: Int
    private let descriptor: Int32
    /// Bytes added so far.
    package private(set) var byteCount = 0

    /// `folder`: on a disk that is as private as the bytes. Throws `file` when it cannot be written.
    package init(
      in folder: String, limitBytes: Int = Limits.bundleFileBytes
    ) throws(TransportError) {
      let path = folder + "/bundle"
      (self.path, self.limitBytes) = (path, limitBytes)
      var template = Array((path + ".XXXXXX").utf8CString)
      descriptor = template.withUnsafeMutableBufferPointer { buffer in
        guard let name = buffer.baseAddress else { return -1 }
        let descriptor = mkstemp(name)
        guard descriptor >= 0 else { return -1 }
        _ = unlink(name)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
      }
      guard descriptor >= 0 else { throw .file(path: path, during: .open, code: errno) }
    }

    deinit { _ = close(descriptor) }

    /// Adds bytes. Throws `fileTooLarge`, or `file` when the disk is full.
    package func write(_ bytes: [UInt8]) throws(TransportError) {
      guard byteCount + bytes.count <= limitBytes else {
        throw .fileTooLarge(path: path, limitBytes: limitBytes)
      }
      var start = 0
      while start < bytes.count {
        let written = bytes.withUnsafeBytes { buffer in
          pwrite(
            descriptor, buffer.baseAddress?.advanced(by: start), bytes.count - start,
            off_t(byteCount + start))
        }
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { throw .file(path: path, during: .write, code: errno) }
        start += written
      }
      byteCount += bytes.count
    }

    /// Hands over all bytes from the first on, in pieces of at most `Limits.partBytes`.
    package func forEachPiece(
      _ body: ([UInt8]) throws(TransportError) -> Void
    ) throws(TransportError) {
      var start = 0
      while start < byteCount {
        let wanted = min(Limits.partBytes, byteCount - start)
        var failure: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
          repeat {
            let got = pread(descriptor, buffer.baseAddress, wanted, off_t(start))
            failure = got < 0 ? errno : nil
            filled = max(got, 0)
          } while failure == EINTR
        }
        guard failure == nil, !bytes.isEmpty else {
          throw .file(path: path, during: .read, code: failure ?? EIO)
        }
        start += bytes.count
        try body(bytes)
      }
    }
  }
}
