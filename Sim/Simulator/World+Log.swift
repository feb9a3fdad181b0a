import Changes

/// What happens, for people and for comparing two runs line by line. It changes nothing: traces are the same with and
/// without it (D2).
extension World {
  /// Writes a line of an event: its number, the virtual time, what it is, and the trace after it.
  func write(_ event: Event, to log: (String) -> Void) {
    let seconds = now / 1_000_000_000
    let rest = "\(1_000_000_000 + now % 1_000_000_000)".dropFirst()
    log(
      "\(verdict[.events]) \(seconds).\(rest) \(text(of: event)) "
        + String(trace.hash, radix: 16))
  }

  private func text(of event: Event) -> String {
    func name(_ index: Int) -> String { "node \(nodes[index].plan.division)" }
    func way(_ isUp: Bool) -> String { isUp ? "up" : "down" }
    switch event {
    case .start(let node, _): return "\(name(node)) begins"
    case .timer(let node, _, _): return "\(name(node)): timer"
    case .deliver(let call, let isUp, let bytes):
      return "call \(call): \(bytes.count) bytes \(way(isUp))"
    case .linkEnded(let call, let isHub):
      return "call \(call): the link ended for the \(isHub ? "hub" : "child")"
    case .silence(let call): return "call \(call): silence?"
    case .waitOver(let call): return "call \(call): the long poll is over"
    case .changed(let node, _, let advanced, let acknowledged):
      return "\(name(node)): \(advanced) advanced, \(acknowledged) acknowledged"
    case .operation(let index): return "\(plan.operations[index])"
    case .fault(let index): return "\(plan.faults[index])"
    case .faultOver(let index): return "over: \(plan.faults[index].kind)"
    case .link(let node, let isCut): return "\(name(node)): link \(isCut ? "stops" : "starts")"
    case .bundle(let bundle):
      return "bundle of \(name(bundle.from)) at \(name(bundle.to)), \(bundle.bytes.count) bytes"
    case .replay(let call): return "call \(call) is said again"
    case .look: return "look"
    case .work(let work, _): return "\(name(work.node)) works"
    case .quietOver(let call): return "call \(call): the quiet long poll is over"
    case .recovered(let outage): return "outage \(outage) is over"
    }
  }
}
