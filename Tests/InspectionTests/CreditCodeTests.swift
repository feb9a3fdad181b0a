import Inspection
import Testing

@Suite struct CreditCodeTests {
  private func code(_ text: String) throws -> CreditCode { try CreditCode(Array(text.utf8)) }

  @Test(arguments: ["91350100M000100Y43", "11500233MB1938818C", "9144030071526726XG"])
  func `the worked examples of domain §3.1 pass both checks`(text: String) throws {
    let code = try code(text)
    #expect(code.warnings.isEmpty)
    #expect(code.description == text)
    let computed = CreditCode(
      department: code.department, kind: code.kind,
      division: try #require(UInt32(String(decoding: code.division, as: UTF8.self))),
      subject: code.subjectCode.dropLast())
    #expect(computed == code)
  }

  @Test func `a failed check character is a warning and no refusal`() throws {
    let bad = try code("91350203M0001QAY9B")
    #expect(bad.warnings == [.checkCharacter])
    #expect(bad.description == "91350203M0001QAY9B")
    #expect(try code("91350100M000100Y53").warnings.contains(.subjectCheckCharacter))
  }

  @Test func `lower case is taken as upper case`() throws {
    #expect(try code("91350100m000100y43") == code("91350100M000100Y43"))
  }

  @Test func `other lengths and characters are refused with their place`() {
    #expect(throws: CreditCode.Malformed.length(17)) { try code("91350100M000100Y4") }
    #expect(throws: CreditCode.Malformed.length(0)) { try code("") }
    #expect(throws: CreditCode.Malformed.character(position: 9)) {
      try code("91350100O000100Y43")
    }
    #expect(throws: CreditCode.Malformed.character(position: 3)) {
      try code("91A50100M000100Y43")
    }
    #expect(throws: CreditCode.Malformed.length(19)) { try code("91350100M000100Y４") }
  }

  @Test func `any one changed character of a valid code is noticed`() throws {
    let valid = Array("91350100M000100Y43".utf8)
    let alphabet = Array("0123456789ABCDEFGHJKLMNPQRTUWXY".utf8)
    for position in valid.indices {
      for symbol in alphabet where symbol != valid[position] {
        var changed = valid
        changed[position] = symbol
        guard let code = try? CreditCode(changed) else { continue }  // a letter in the division
        #expect(code.warnings.contains(.checkCharacter), "\(code) position \(position + 1)")
      }
    }
  }

  @Test func `computed codes are valid for every subject of a sample`() throws {
    let alphabet = Array("0123456789ABCDEFGHJKLMNPQRTUWXY".utf8)
    var state: UInt64 = 20_260_101
    for _ in 0..<2_000 {
      var subject: [UInt8] = []
      for _ in 0..<8 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        subject.append(alphabet[Int(state >> 33) % alphabet.count])
      }
      let code = try #require(
        CreditCode(department: 0x39, kind: 0x31, division: 530_102, subject: subject))
      #expect(code.warnings.isEmpty)
      #expect(try CreditCode(code.bytes) == code)
    }
  }

  @Test func `parts that do not fit make no code`() {
    let subject = Array("MA000000".utf8)
    #expect(CreditCode(department: 0x39, kind: 0x31, division: 1_000_000, subject: subject) == nil)
    #expect(
      CreditCode(department: 0x39, kind: 0x31, division: 530_102, subject: subject.dropLast())
        == nil)
    #expect(CreditCode(department: 0x49, kind: 0x31, division: 530_102, subject: subject) == nil)
    #expect(
      CreditCode(department: 0x39, kind: 0x31, division: 530_102, subject: Array("MA00000i".utf8))
        == nil)
  }
}

@Suite struct SubjectCodeTests {
  @Test func `18 characters are a credit code and 15 digits a registration number`() throws {
    let credit = try SubjectCode(Array("91350100M000100Y43".utf8))
    #expect(!credit.hasWarning)
    let number = try #require(RegistrationNumber(division: 530_102, sequence: 60_012_345))
    let registration = try SubjectCode(number.bytes)
    #expect(registration == .registration(number))
    #expect(!registration.hasWarning)
    #expect(number.description.hasPrefix("53010260012345"))
  }

  @Test func `the check digit of registration numbers is ISO 7064 MOD 11,10`() throws {
    // Each body has exactly one last digit.
    let number = try #require(RegistrationNumber(division: 110_108, sequence: 1))
    let body = number.bytes.dropLast()
    let valid = (0x30...0x39).filter {
      RegistrationNumber(Array(body) + [UInt8($0)])?.hasValidCheckDigit == true
    }
    #expect(valid == [Int(number.bytes[14])])
    // The example that guides to GS 15-2006 print.
    #expect(RegistrationNumber(Array("110108000000016".utf8))?.hasValidCheckDigit == true)
  }

  @Test func `anything else is refused with length or place`() {
    #expect(throws: SubjectCode.Malformed.length(3)) { try SubjectCode(Array("abc".utf8)) }
    #expect(throws: SubjectCode.Malformed.character(position: 2)) {
      try SubjectCode(Array("5A0102600123456".utf8))
    }
    #expect(throws: SubjectCode.Malformed.character(position: 1)) {
      try SubjectCode(Array("I1350100M000100Y43".utf8))
    }
  }
}
