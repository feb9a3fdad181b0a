internal import Changes

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Files that carry frames across an air gap. Source: Protocol/8-Bundles.md.
///
/// A file appears under its name only when it is whole and on the disk.
package enum BundleFile {
  /// Writes one bundle, beside its place, under the name with `.partial` at its end.
  ///
  /// A class, because it owns a descriptor; use it from one task. Dropped without `commit()`, it leaves
  /// nothing behind.
  package final class Writer {
    private let path: String
    private let partialPath: String
    private let limitBytes: Int
    private var descriptor: Int32
    /// Bytes written so far.
    package private(set) var byteCount = 0

    /// Takes what an interrupted writer left. Throws `file` when the folder cannot be written, another process
    /// is writing the same bundle, or the name is that of a folder or device.
    package init(path: String, limitBytes: Int = Limits.bundleFileBytes) throws(TransportError) {
      (self.path, self.limitBytes) = (path, limitBytes)
      partialPath = path + ".partial"
      descriptor = -1
      var named = stat()
      if stat(path, &named) == 0, named.st_mode & S_IFMT != S_IFREG {
        throw .file(
          path: path, during: .open,
          code: named.st_mode & S_IFMT == S_IFDIR ? EISDIR : EEXIST)
      }
      descriptor = open(partialPath, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw .file(path: partialPath, during: .open, code: errno) }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, isStillInPlace else {
        let code = errno
        _ = close(descriptor)
        descriptor = -1
        throw .file(path: partialPath, during: .lock, code: code)
      }
      guard ftruncate(descriptor, 0) == 0 else { throw fail(.write, errno) }
    }

    deinit { abandon() }

    /// Adds bytes. Throws `fileTooLarge`, or `file` when the disk is full; then the bundle is gone.
    package func write(_ bytes: [UInt8]) throws(TransportError) {
      precondition(descriptor >= 0, "the bundle is still being written")
      guard byteCount + bytes.count <= limitBytes else {
        abandon()
        throw .fileTooLarge(path: path, limitBytes: limitBytes)
      }
      var start = 0
      while start < bytes.count {
        let written = bytes.withUnsafeBytes { buffer in
          systemWrite(descriptor, buffer[start...])
        }
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { throw fail(.write, errno) }
        start += written
      }
      byteCount += bytes.count
    }

    /// Flushes, puts the file in its place (an older one is replaced), and flushes the folder.
    package func commit() throws(TransportError) {
      precondition(descriptor >= 0, "the bundle is still being written")
      guard fsync(descriptor) == 0 else { throw fail(.sync, errno) }
      guard rename(partialPath, path) == 0 else { throw fail(.rename, errno) }
      _ = close(descriptor)
      descriptor = -1
      let folder = open(folderPath, O_RDONLY | O_CLOEXEC)
      guard folder >= 0 else { throw .file(path: folderPath, during: .sync, code: errno) }
      defer { _ = close(folder) }
      // Some file systems of memory sticks cannot flush a folder and say so with EINVAL.
      guard fsync(folder) == 0 || errno == EINVAL else {
        throw .file(path: folderPath, during: .sync, code: errno)
      }
    }

    /// Removes what was written; nothing after `commit()`.
    package func abandon() {
      guard descriptor >= 0 else { return }
      _ = unlink(partialPath)
      _ = close(descriptor)
      descriptor = -1
    }

    private func fail(_ step: FileStep, _ code: Int32) -> TransportError {
      abandon()
      return .file(path: partialPath, during: step, code: code)
    }

    /// False when the writer that held the lock before has just renamed the file that was opened here.
    private var isStillInPlace: Bool {
      var (opened, named) = (stat(), stat())
      return fstat(descriptor, &opened) == 0 && lstat(partialPath, &named) == 0
        && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
    }

    private var folderPath: String {
      guard let slash = path.lastIndex(of: "/") else { return "." }
      return slash == path.startIndex ? "/" : String(path[..<slash])
    }
  }

  /// Reads one bundle from its start. A class, because it owns a descriptor; use it from one task.
  package final class Reader {
    private let path: String
    private let descriptor: Int32
    /// Bytes of the file when it was opened.
    package let byteCount: Int
    /// Bytes read so far.
    package private(set) var readBytes = 0

    /// Throws `fileTooLarge`, or `file` when there is no such regular file.
    package init(path: String, limitBytes: Int = Limits.bundleFileBytes) throws(TransportError) {
      self.path = path
      // A pipe or a terminal would keep the opener waiting.
      descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
      guard descriptor >= 0 else { throw .file(path: path, during: .open, code: errno) }
      var facts = stat()
      guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
        _ = close(descriptor)
        throw .file(path: path, during: .open, code: EINVAL)
      }
      byteCount = Int(facts.st_size)
      guard byteCount <= limitBytes else {
        _ = close(descriptor)
        throw .fileTooLarge(path: path, limitBytes: limitBytes)
      }
    }

    deinit { _ = close(descriptor) }

    /// The next bytes, at most `atMost`; nil at the end. A file that grew is read to its first size.
    package func read(atMost count: Int = Limits.partBytes) throws(TransportError) -> [UInt8]? {
      precondition(count > 0, "some bytes are asked for")
      let wanted = min(count, byteCount - readBytes)
      guard wanted > 0 else { return nil }
      var failure: Int32?
      let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
        repeat {
          let got = systemRead(descriptor, UnsafeMutableRawBufferPointer(buffer))
          failure = got < 0 ? errno : nil
          filled = max(got, 0)
        } while failure == EINTR
      }
      if let failure { throw .file(path: path, during: .read, code: failure) }
      guard !bytes.isEmpty else { throw .file(path: path, during: .read, code: EIO) }
      readBytes += bytes.count
      return bytes
    }
  }
}

/// The system's `write`, whose name the writer's own method hides.
private func systemWrite(_ descriptor: Int32, _ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
  let bytes = UnsafeRawBufferPointer(rebasing: bytes)
  return write(descriptor, bytes.baseAddress, bytes.count)
}

/// The system's `read`, whose name the reader's own method hides.
private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawBufferPointer) -> Int {
  read(descriptor, bytes.baseAddress, bytes.count)
}
