package import Simulator

/// The page of a rehearsal: one file, no resource from anywhere, well-formed as XML.
package struct Page: Sendable {
  private let scenario: Scenario
  private let found: Measurements
  private let findings: Findings
  private let command: String

  /// `command`: what makes the page again.
  package init(_ scenario: Scenario, _ found: Measurements, command: String) {
    (self.scenario, self.found, self.command) = (scenario, found, command)
    findings = Findings(scenario, found)
  }

  /// The file's text, the same for the same rehearsal.
  package var html: String {
    let title = Drawing.escape(scenario.title)
    return """
      <!DOCTYPE html>
      <html lang="en" xmlns="http://www.w3.org/1999/xhtml">
      <head>
      <meta charset="utf-8"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <title>\(title)</title>
      <style>\(PageStyle.css)</style>
      </head>
      <body>
      <main>
      <p class="kind">Rehearsal of an outage</p>
      <h1>\(title)</h1>
      <p class="question">\(text(scenario.question))</p>
      <p class="verdict \(verdict)">\(text(findings.headline))</p>
      \(answers)
      <h2>Pictures</h2>
      \(pictures)
      <h2>Figures</h2>
      \(tables)
      \(origin)
      </main>
      </body>
      </html>

      """
  }

  /// The class of the headline: bad when something does not hold, fair when a disk took changes with it.
  private var verdict: String {
    guard found.isSound, found.agreedAtMilliseconds != nil else { return "bad" }
    return found.lost > 0 ? "fair" : "good"
  }

  /// Text of a page; Chinese in it is marked as such, so that browsers take the right letters.
  private func text(_ string: String) -> String {
    var result = ""
    var chinese = ""
    var isCode = false
    func flush() {
      if !chinese.isEmpty { result += "<span lang=\"zh-Hans\">\(chinese)</span>" }
      chinese = ""
    }
    for character in string {
      let isChinese = character.unicodeScalars.allSatisfy { (0x3400...0x9FFF).contains($0.value) }
      if isChinese {
        chinese.append(character)
      } else if character == "`" {
        flush()
        isCode.toggle()
        result += isCode ? "<code>" : "</code>"
      } else {
        flush()
        result += Drawing.escape(String(character))
      }
    }
    flush()
    return isCode ? result + "</code>" : result
  }

  private var answers: String {
    findings.answers.map { answer in
      "<section><h2>\(text(answer.question))</h2>"
        + (answer.sentences.count == 1
          ? "<p>\(text(answer.sentences[0]))</p>"
          : "<ul>" + answer.sentences.map { "<li>\(text($0))</li>" }.joined() + "</ul>")
        + "</section>\n"
    }.joined()
  }

  // MARK: pictures

  private func figure(
    _ title: String, _ explanation: String, legend: [(name: String, text: String)] = [],
    _ draw: (Int) -> String
  ) -> String {
    var result = "<figure><figcaption><b>\(text(title))</b> \(text(explanation))</figcaption>"
    if !legend.isEmpty {
      result += "<ul class=\"legend\">"
      for entry in legend {
        result += "<li><i class=\"\(entry.name)\"></i>\(text(entry.text))</li>"
      }
      result += "</ul>"
    }
    for (width, name) in zip(Pictures.widths, ["wide", "narrow"]) {
      result += "<div class=\"\(name)\">\(draw(width))</div>"
    }
    return result + "</figure>\n"
  }

  private var pictures: String {
    let pictures = Pictures(scenario: scenario, found: found)
    let tiers = found.nodesPerTier.indices.map { tier in
      (
        name: "tier\(tier)",
        text: found.nodesPerTier[tier] == 1
          ? "the \(scenario.territory.tierName(tier, count: 1))" : scenario.territory.tierName(tier)
      )
    }
    let lines = found.nodesPerTier.indices.dropFirst().map { tier in
      (name: "tier\(tier)", text: pictures.lineName(tier))
    }
    var list: [String] = []
    if !scenario.outages.isEmpty {
      list.append(
        figure(
          "What went wrong, and where.",
          "A bar for each node or group of nodes, as long as it lasted.",
          legend: pictures.outageLegend, pictures.outages))
    }
    list.append(
      figure(
        "How far behind each tier was.",
        "For the node of the tier that is worst off: how old the oldest change is that it should have and has not. "
          + "Zero means that every node of the tier had everything.", legend: tiers, pictures.lag))
    list.append(
      figure(
        "What was under way.", "Changes that at least one node still lacked.", pictures.underWay))
    list.append(
      figure(
        "Bytes over the lines.",
        "Each line counts at its lower end; protocol frames, HTTP and TCP/IP together.",
        legend: Array(lines), pictures.bytes))
    list.append(
      figure(
        "Open conflicts.",
        "Facts that two tiers changed without knowing of each other; both values are kept.",
        pictures.conflicts))
    if !found.heals.isEmpty {
      list.append(
        figure(
          "Until all agreed again.",
          "From the end of each outage until the last change that had waited for it was at the last node.",
          pictures.recoveries))
    }
    list.append(figure("The work.", "What people and programs wrote, by hour.", pictures.changes))
    return list.joined()
  }

  // MARK: tables

  private func table(_ title: String, _ head: [String], _ rows: [[String]]) -> String {
    var result = "<div class=\"table\"><table><caption>\(text(title))</caption><thead><tr>"
    for cell in head { result += "<th scope=\"col\">\(text(cell))</th>" }
    result += "</tr></thead><tbody>"
    for row in rows {
      result += "<tr>" + row.map { "<td>\(text($0))</td>" }.joined() + "</tr>"
    }
    return result + "</tbody></table></div>\n"
  }

  private var tables: String {
    ReportTables(findings: findings).all.map { table($0.title, $0.head, $0.rows) }.joined()
  }

  private var origin: String {
    let trace = String(found.verdict.traceHash, radix: 16)
    return """
      <footer>
      <h2>How this was made</h2>
      <p>Tributary's simulator ran the program's own replication, storage and exchange code on every node, with
      real SQLite files in memory, simulated lines and virtual time. Nothing here is an estimate of a model. What people write
      is invented after the province's figures; each county begins with \
      \(Figures.counted(scenario.sizes.companies, "company", "companies")), since what goes over the lines follows from the changes. \
      A long poll between two nodes that have not changed since the last one is counted like it and not computed again.</p>
      <p>Seed \(scenario.seed), trace <code>\(trace)</code>: the same scenario gives the same page. Made by
      <code>\(text(command))</code>.</p>
      </footer>
      """
  }
}

/// How the page looks: light and dark, at a desk and on a telephone.
enum PageStyle {
  static let css = """
    :root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#57606a;--grid:#dde2e8;--card:#f6f8fa;\
    --t0:#7a3ea8;--t1:#0b62c4;--t2:#b35900;--t3:#1a7f37;--cut:#c62828;--behind:#e8a33d;--off:#4b5563;\
    --backup:#7a3ea8;--clock:#0b7285;--good:#dafbe1;--fair:#fff3c4;--bad:#ffdcd7}
    @media (prefers-color-scheme:dark){:root{--paper:#14181d;--ink:#e6eaef;--soft:#a2abb5;--grid:#343b44;\
    --card:#1d232a;--t0:#c69bf0;--t1:#66adff;--t2:#f2a65a;--t3:#62c77d;--cut:#ff7b72;--behind:#d9a441;\
    --off:#9aa4b0;--backup:#c69bf0;--clock:#57c4d4;--good:#12391f;--fair:#4a3c0b;--bad:#55211d}}
    body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,"Noto Sans","Noto Sans CJK SC",\
    "PingFang SC","Microsoft YaHei",sans-serif}
    main{max-width:900px;margin:0 auto;padding:24px 20px 48px}
    h1{font-size:1.75rem;line-height:1.25;margin:.1em 0 .3em}h2{font-size:1.2rem;margin:1.6em 0 .4em}
    .kind{color:var(--soft);margin:0}.question{font-size:1.1rem;color:var(--soft);margin:.2em 0 1em}
    .verdict{padding:14px 16px;border-radius:8px;font-weight:600}.good{background:var(--good)}.fair{background:var(--fair)}.bad{background:var(--bad)}
    ul{padding-left:1.2em}li{margin:.25em 0}
    figure{margin:0 0 28px;padding:14px 16px;background:var(--card);border-radius:8px}
    figcaption{color:var(--soft);margin-bottom:6px}figcaption b{color:var(--ink)}
    svg{display:block;width:100%;height:auto}
    .legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 18px;padding:0;margin:4px 0 8px;font-size:.875rem}
    .legend i{display:inline-block;width:14px;height:14px;border-radius:3px;margin-right:6px;vertical-align:-2px}
    .label,.name,.inside{font:13px system-ui,"Noto Sans","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;\
    fill:var(--ink)}.name{fill:var(--soft)}.inside{fill:var(--paper)}
    .grid{stroke:var(--grid)}.axis{stroke:var(--soft)}.curve{fill:none;stroke-width:2;stroke-linejoin:round}
    .lag.tier0{stroke-width:7}.lag.tier1{stroke-width:4}.lag.tier2{stroke-width:2}.lag.tier3{stroke-width:1}
    .curve.tier0{stroke:var(--t0)}.curve.tier1{stroke:var(--t1)}.curve.tier2{stroke:var(--t2)}.curve.tier3{stroke:var(--t3)}
    .fill.tier0,i.tier0{fill:var(--t0);background:var(--t0)}.fill.tier1,i.tier1{fill:var(--t1);background:var(--t1)}
    .fill.tier2,i.tier2{fill:var(--t2);background:var(--t2)}.fill.tier3,i.tier3{fill:var(--t3);background:var(--t3)}
    .band.cut,i.cut{fill:var(--cut);background:var(--cut)}.band.behind,i.behind{fill:var(--behind);background:var(--behind)}
    .band.off,i.off{fill:var(--off);background:var(--off)}.band.backup,i.backup{fill:var(--backup);background:var(--backup)}
    .band.clock,i.clock{fill:var(--clock);background:var(--clock)}
    .table{overflow-x:auto;margin:0 0 20px}table{border-collapse:collapse;width:100%;font-size:.9rem}
    caption{text-align:left;font-weight:600;padding:4px 0}
    th,td{text-align:right;padding:4px 10px;border-bottom:1px solid var(--grid);white-space:nowrap}
    th:first-child,td:first-child{text-align:left}th{color:var(--soft);font-weight:500}
    footer{color:var(--soft);font-size:.9rem;border-top:1px solid var(--grid);margin-top:28px}
    .narrow{display:none}
    @media (max-width:640px){.narrow{display:block}.wide{display:none}main{padding:16px 12px 32px}h1{font-size:1.4rem}\
    figure{padding:12px 8px;margin-left:-4px;margin-right:-4px}}
    """
}
