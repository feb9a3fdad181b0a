import Foundation

/// Rules for pages and for all files as bytes.
struct PageRule {
  let repository: Repository

  /// Links of Markdown pages that lead nowhere, in files and headings.
  func linkFindings() -> [Finding] {
    var findings: [Finding] = []
    for path in repository.paths where path.hasSuffix(".md") {
      guard let text = repository.text(of: path) else { continue }
      for (line, target) in PageRule.links(in: text) where !resolves(target, from: path) {
        findings.append(Finding(path: path, line: line, rule: "the link \(target) leads nowhere"))
      }
    }
    return findings
  }

  /// The targets of `[text](target)` with their lines, 1-based; code is left out.
  static func links(in text: String) -> [(line: Int, target: String)] {
    var links: [(Int, String)] = []
    for (line, content) in prose(of: text) {
      for part in content.components(separatedBy: "](").dropFirst() {
        guard let end = part.firstIndex(of: ")") else { continue }
        let target = part[..<end].prefix { $0 != " " }
        links.append((line, String(target)))
      }
    }
    return links
  }

  /// The lines outside code blocks, 1-based, without code spans.
  private static func prose(of text: String) -> [(line: Int, content: String)] {
    var isCode = false
    var lines: [(Int, String)] = []
    for (index, line) in text.components(separatedBy: "\n").enumerated() {
      if line.drop(while: { $0 == " " }).hasPrefix("```") {
        isCode.toggle()
      } else if !isCode {
        let parts = line.components(separatedBy: "`")
        let kept = parts.indices.filter { $0.isMultiple(of: 2) }.map { parts[$0] }
        lines.append((index + 1, kept.joined(separator: "`")))
      }
    }
    return lines
  }

  private func resolves(_ target: String, from path: String) -> Bool {
    if target.hasPrefix("https://") || target.hasPrefix("mailto:") { return true }
    let parts = target.components(separatedBy: "#")
    let folder = path.split(separator: "/").dropLast().joined(separator: "/")
    let file = parts[0].isEmpty ? path : (folder.isEmpty ? "" : folder + "/") + parts[0]
    guard repository.exists(file) else { return false }
    guard parts.count > 1, file.hasSuffix(".md") else { return true }
    guard let text = repository.text(of: normalised(file)) else { return false }
    return PageRule.anchors(in: text).contains(parts[1])
  }

  private func normalised(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return parts.joined(separator: "/")
  }

  /// The anchors that GitHub makes of headings.
  static func anchors(in text: String) -> [String] {
    var anchors: [String] = []
    for line in text.components(separatedBy: "\n") where line.hasPrefix("#") {
      let title = line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces)
      let kept = title.lowercased().filter { $0.isLetter || $0.isNumber || "_- ".contains($0) }
      let anchor = kept.replacing(" ", with: "-")
      let count = anchors.count { $0 == anchor }
      anchors.append(count == 0 ? anchor : "\(anchor)-\(count)")
    }
    return anchors
  }

  /// Pages of the protocol that do not say at their end where they are implemented and checked.
  func protocolFindings() -> [Finding] {
    var findings: [Finding] = []
    for path in repository.paths
    where path.hasPrefix("Protocol/") && path.hasSuffix(".md")
      && path.dropFirst("Protocol/".count).first?.isNumber == true
    {
      guard let text = repository.text(of: path) else { continue }
      let lines = text.components(separatedBy: "\n")
      let end = lines.indices.filter { !lines[$0].isEmpty }.suffix(12)
      for words in ["Implemented in", "Checked by"] {
        if !end.contains(where: { lines[$0].contains(words) }) {
          findings.append(
            Finding(path: path, line: lines.count, rule: "the page does not end with \(words)"))
        }
      }
      for index in end {
        for span in PageRule.codeSpans(of: lines[index])
        where ["Sources/", "Tests/", "Sim/"].contains(where: { span.hasPrefix($0) })
          && !repository.exists(span)
        {
          findings.append(Finding(path: path, line: index + 1, rule: "\(span) does not exist"))
        }
      }
    }
    return findings
  }

  private static func codeSpans(of line: String) -> [String] {
    let parts = line.components(separatedBy: "`")
    return parts.indices.filter { !$0.isMultiple(of: 2) }.map { parts[$0] }
  }

  /// Targets `make x` that README names and the Makefile lacks.
  func makeFindings() -> [Finding] {
    guard let readme = repository.text(of: "README.md"),
      let makefile = repository.text(of: "Makefile")
    else { return [Finding(path: "README.md", line: 1, rule: "README.md or Makefile is missing")] }
    let targets = makefile.components(separatedBy: "\n").compactMap { line in
      line.firstMatch(of: /^([a-z][a-z-]*):/).map { String($0.1) }
    }
    var findings: [Finding] = []
    for (index, line) in readme.components(separatedBy: "\n").enumerated() {
      for match in line.matches(of: /(?:^|[`$] ?)make ([a-z][a-z-]*)/)
      where !targets.contains(String(match.1)) {
        findings.append(
          Finding(path: "README.md", line: index + 1, rule: "the Makefile has no target \(match.1)")
        )
      }
    }
    return findings
  }

  /// Modules and configuration keys that README does not name in code.
  func readmeFindings() -> [Finding] {
    guard let readme = repository.text(of: "README.md") else {
      return [Finding(path: "README.md", line: 1, rule: "README.md is missing")]
    }
    let modules = repository.paths.compactMap { path -> String? in
      let parts = path.split(separator: "/")
      return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }
    let keys = repository.text(of: "Sources/Node/ConfigurationKey.swift") ?? ""
    let names = keys.components(separatedBy: "\n").compactMap { line in
      line.wholeMatch(of: /\ {2}case (\w+)(?: = "(\w+)")?/).map { String($0.2 ?? $0.1) }
    }
    return Set(modules + names).sorted().filter { !readme.contains("`\($0)`") }.map {
      Finding(path: "README.md", line: 1, rule: "`\($0)` is not explained")
    }
  }

  /// Paths of the machine that a file was written on.
  func machinePathFindings() -> [Finding] {
    let folders = ["/wo" + "rk/", "/ro" + "ot/", "/opt/sw" + "ift", "../sha" + "red"]
    return findings(folders) { before, _ in
      let isWord = { (byte: UInt8) in
        byte >= 0x80 || Character(UnicodeScalar(byte)).isLetter
          || Character(UnicodeScalar(byte)).isNumber || "_.)".utf8.contains(byte)
      }
      if let before, isWord(before) { return nil }
      return "a path of one machine"
    }
  }

  /// Hosts that files may refer to. Packages come from where Package.swift says and from nowhere else.
  static let hosts: Set = [
    "github.com", "www.swift.org", "www.apache.org", "keepachangelog.com", "semver.org",
    "www.sqlite.org", "sqlite.org", "www.rfc-editor.org", "127.0.0.1", "localhost", "[::1]",
    "www.w3.org", "doi.org", "www.gov.cn", "prometheus.io",
  ]

  /// Addresses of other hosts than `hosts` and the `.example` and `.invalid` ones.
  func hostFindings() -> [Finding] {
    findings(["https:" + "//", "http:" + "//"]) { _, after in
      let bytes = after.prefix { byte in
        byte > 0x20 && byte < 0x7F && !"/?#\"'`)>,;\\".utf8.contains(byte)
      }
      let name = String(decoding: bytes, as: UTF8.self)
      let host = name.hasPrefix("[") ? name : String(name.prefix { $0 != ":" && $0 != "[" })
      // Interpolated and placeholder hosts name none.
      if host.isEmpty || host == "host" || host.contains(where: { "(<%${*…".contains($0) }) {
        return nil
      }
      if host.hasSuffix(".example") || host.hasSuffix(".invalid") { return nil }
      return PageRule.hosts.contains(host) ? nil : "\(host) is not among the known hosts"
    }
  }

  /// Where any of the texts stands in any file; the closure sees the byte before and up to 100 after
  /// and gives the rule, or nil when all is well.
  private func findings(
    _ texts: [String], _ rule: (UInt8?, ArraySlice<UInt8>) -> String?
  ) -> [Finding] {
    var findings: [Finding] = []
    for path in repository.paths where path != "LICENSE" {
      guard let data = try? Data(contentsOf: repository.root.appending(path: path)) else {
        continue
      }
      for text in texts {
        var start = data.startIndex
        while let range = data.range(of: Data(text.utf8), in: start..<data.endIndex) {
          start = range.upperBound
          let before = range.lowerBound > 0 ? data[range.lowerBound - 1] : nil
          let after = Array(data[range.upperBound...].prefix(100))[...]
          guard let rule = rule(before, after) else { continue }
          let line = data[..<range.lowerBound].count { $0 == UInt8(ascii: "\n") } + 1
          findings.append(Finding(path: path, line: line, rule: "\(rule): \(text)"))
        }
      }
    }
    return findings
  }
}
