/// What identifies a company in the rosters: a credit code, or the registration number of an old
/// individual business. Source: domain.md §3.1.
package enum SubjectCode: Hashable, Sendable {
  case credit(CreditCode)
  case registration(RegistrationNumber)

  /// Why a text is neither.
  package enum Malformed: Error, Hashable, Sendable {
    /// Characters found; 18 or 15 are needed.
    case length(Int)
    /// Position from 1.
    case character(position: Int)
  }

  /// 18 characters are a credit code, 15 a registration number. Throws `Malformed` for anything else; a
  /// failed check character is no reason to refuse.
  package init(_ text: some Collection<UInt8>) throws(Malformed) {
    switch text.count {
    case 18:
      do throws(CreditCode.Malformed) {
        self = .credit(try CreditCode(text))
      } catch {
        switch error {
        case .length(let count): throw .length(count)
        case .character(let position): throw .character(position: position)
        }
      }
    case 15:
      guard let number = RegistrationNumber(text) else {
        let digits = text.prefix { (0x30...0x39).contains($0) }
        throw .character(position: digits.count + 1)
      }
      self = .registration(number)
    default: throw .length(text.count)
    }
  }

  /// The code as it is stored: upper case.
  package var bytes: [UInt8] {
    switch self {
    case .credit(let code): code.bytes
    case .registration(let number): number.bytes
    }
  }

  /// Whether a check character does not fit: a warning for people.
  package var hasWarning: Bool {
    switch self {
    case .credit(let code): !code.warnings.isEmpty
    case .registration(let number): !number.hasValidCheckDigit
    }
  }
}
