/// Integers of one column as bytes: base + step × k, where k or its differences lie in byte planes.
///
/// Every choice follows from the values: base is the least, step the greatest common divisor of the
/// distances from it; the differences are taken when they have fewer bits in all than the ks; the planes
/// are as few as hold the largest. Each plane is contiguous, least significant first, so that deflate
/// sees random low bytes and repetitive high bytes apart. Source: Protocol/3-ChangeSets §5.
struct IntegerColumn {
  /// The smallest value.
  let base: Int64
  /// The greatest common divisor of the distances from `base`; 0 when all values are equal.
  let step: UInt64
  /// Whether the planes hold zigzag differences of neighbours, the first against 0.
  let isDelta: Bool
  /// Planes: 0…8.
  let width: Int
  /// Whether the base is written less the reference.
  let isTimed: Bool
  private let reference: Int64
  /// Bits of all plane values together and of the base: what choices are made by.
  let cost: UInt64

  /// The modes: width, or 8 + width for differences.
  static let modeCount: UInt8 = 17
  var mode: UInt8 { UInt8(width) + (isDelta ? 8 : 0) }

  /// Chooses how to write the values, the base less `reference` when that has fewer bits.
  ///
  /// Cost: linear, two passes.
  init(_ values: UnsafeBufferPointer<Int64>, reference: Int64 = 0) {
    var (least, largest) = (Int64.max, Int64.min)
    for value in values {
      least = min(least, value)
      largest = max(largest, value)
    }
    if values.isEmpty { (least, largest) = (0, 0) }
    base = least
    let ownBits = 64 - zigzagged(least).leadingZeroBitCount
    let timedBits = 64 - zigzagged(least &- reference).leadingZeroBitCount
    isTimed = timedBits < ownBits
    self.reference = reference
    let baseCost = UInt64(min(ownBits, timedBits))
    guard least != largest else {
      (step, isDelta, width, cost) = (0, false, 0, baseCost)
      return
    }
    var divisor: UInt64 = 0
    for value in values {
      divisor = Self.commonDivisor(UInt64(bitPattern: value &- least), divisor)
      if divisor == 1 { break }
    }
    step = divisor
    let span = UInt64(bitPattern: largest &- least) / divisor
    var (plain, delta, allDelta) = (UInt64(0), UInt64(0), UInt64(0))
    var last: UInt64 = 0
    for value in values {
      let k = Self.quotient(UInt64(bitPattern: value &- least), divisor)
      let difference = zigzagged(Int64(bitPattern: k &- last))
      last = k
      plain += UInt64(64 - k.leadingZeroBitCount)
      delta += UInt64(64 - difference.leadingZeroBitCount)
      allDelta |= difference
    }
    isDelta = delta < plain
    let bits = isDelta ? allDelta : span
    width = (71 - bits.leadingZeroBitCount) / 8
    cost = baseCost + min(plain, delta)
  }

  private static func quotient(_ distance: UInt64, _ divisor: UInt64) -> UInt64 {
    divisor == 1 ? distance : distance / divisor
  }

  private static func commonDivisor(_ left: UInt64, _ right: UInt64) -> UInt64 {
    var (left, right) = (left, right)
    while right != 0 { (left, right) = (right, left % right) }
    return left
  }

  /// Writes what follows the mode.
  func write(_ values: UnsafeBufferPointer<Int64>, to writer: inout ByteWriter) {
    writer.write(zigzag: isTimed ? base &- reference : base)
    guard width > 0 else { return }
    writer.write(varint: step)
    let count = values.count
    writer.write(count: count * width) { planes in
      var last: UInt64 = 0
      for index in 0..<count {
        let k = Self.quotient(UInt64(bitPattern: values[index] &- base), step)
        var rest = isDelta ? zigzagged(Int64(bitPattern: k &- last)) : k
        last = k
        var place = index
        for _ in 0..<width {
          planes[place] = UInt8(truncatingIfNeeded: rest)
          rest >>= 8
          place += count
        }
      }
    }
  }

  /// Reads what follows `mode` into `values` and throws unless the values give exactly this coding.
  static func read(
    mode: UInt8, isTimed: Bool = false, reference: Int64 = 0,
    into values: UnsafeMutableBufferPointer<Int64>, from reader: inout ByteReader
  ) throws(WireError) {
    let isDelta = mode > 8
    let width = Int(isDelta ? mode - 8 : mode)
    let base = try reader.zigzag() &+ (isTimed ? reference : 0)
    if width == 0 {
      values.update(repeating: base)
      let one = UnsafeBufferPointer(rebasing: values.prefix(1))
      guard IntegerColumn(one, reference: reference).isTimed == isTimed else {
        throw .nonCanonical(.columnCoding)
      }
    } else {
      let step = try reader.varint()
      let planes = try reader.raw(values.count * width)
      let count = values.count
      var last: UInt64 = 0
      for index in 0..<count {
        var k: UInt64 = 0
        var place = index
        var shift: UInt64 = 0
        for _ in 0..<width {
          k |= UInt64(planes[place]) << shift
          shift += 8
          place += count
        }
        if isDelta {
          k = last &+ UInt64(bitPattern: unzigzagged(k))
          last = k
        }
        values[index] = base &+ Int64(bitPattern: k &* step)
      }
      let chosen = IntegerColumn(UnsafeBufferPointer(values), reference: reference)
      guard chosen.base == base, chosen.isTimed == isTimed, chosen.step == step,
        chosen.mode == mode,
        chosen.reproduces(UnsafeBufferPointer(values), planes)
      else { throw .nonCanonical(.columnCoding) }
    }
  }

  /// Whether the first plane value and the largest quotient fit: k × step did not wrap on reading.
  private func reproduces(
    _ values: UnsafeBufferPointer<Int64>, _ planes: UnsafeRawBufferPointer
  ) -> Bool {
    let count = values.count
    var last: UInt64 = 0
    for index in 0..<count {
      let k = Self.quotient(UInt64(bitPattern: values[index] &- base), step)
      var rest = isDelta ? zigzagged(Int64(bitPattern: k &- last)) : k
      last = k
      var place = index
      for _ in 0..<width {
        if planes[place] != UInt8(truncatingIfNeeded: rest) { return false }
        rest >>= 8
        place += count
      }
    }
    return true
  }
}
