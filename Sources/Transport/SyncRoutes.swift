internal import Changes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import ServiceLifecycle

/// Bounds of one listener; the defaults are those of `Limits`.
package struct SyncLimits: Hashable, Sendable {
  package var concurrentExchanges = Limits.concurrentExchanges
  package var concurrentWaits = Limits.concurrentWaits
  package var connections = Limits.connections
  package var exchangeBodyBytes = Limits.exchangeBodyBytes
  package var waitBodyBytes = Limits.waitBodyBytes
  package var silenceMilliseconds = Limits.silenceMilliseconds
  package var connectionIdleMilliseconds = Limits.connectionIdleMilliseconds
  /// What a refused child is told to wait.
  package var retryAfterMilliseconds: UInt64 = 1_000

  package init() {}
}

/// The two routes of the protocol. Source: Protocol/7-HTTP.md.
struct SyncRoutes<Handler: SyncHandler>: Sendable {
  let handler: Handler
  let limits: SyncLimits
  let counters: TransportCounters
  let exchanges: AdmissionGate
  let waits: AdmissionGate

  init(handler: Handler, limits: SyncLimits, counters: TransportCounters) {
    (self.handler, self.limits, self.counters) = (handler, limits, counters)
    exchanges = AdmissionGate(limit: limits.concurrentExchanges)
    waits = AdmissionGate(limit: limits.concurrentWaits)
  }

  func add(to router: Router<ConnectionContext>) {
    router.post(RouterPath(SyncPath.exchange.rawValue)) { request, context in
      try await exchange(request, context)
    }
    router.post(RouterPath(SyncPath.wait.rawValue)) { request, context in
      try await wait(request, context)
    }
  }

  private func exchange(_ request: Request, _ context: ConnectionContext) async throws -> Response {
    counters.update { $0.requests += 1 }
    let channel = context.channel
    let body = SyncBody(
      request.body, channel: channel, limitBytes: limits.exchangeBodyBytes,
      silenceMilliseconds: limits.silenceMilliseconds)
    do {
      try check(request, limitBytes: limits.exchangeBodyBytes)
      let place = try enter(exchanges)
      let answer = try await withGracefulShutdownHandler {
        try await handler.exchange(Self.describe(context), body: body)
      } onGracefulShutdown: {
        body.stop(channel)
      }
      counters.update { $0.receivedBytes += body.receivedBytes }
      return response(answer, place: place, context: context, rest: body)
    } catch {
      counters.update { $0.receivedBytes += body.receivedBytes }
      return try refusal(for: error, to: request, context, rest: body)
    }
  }

  private func wait(_ request: Request, _ context: ConnectionContext) async throws -> Response {
    counters.update { $0.requests += 1 }
    do {
      try check(request, limitBytes: limits.waitBodyBytes)
      let place = try enter(waits)
      let answer = try await cancelWhenGracefulShutdown {
        try await request.body.consumeWithCancellationOnInboundClose { inner in
          let body = SyncBody(
            inner, channel: context.channel, limitBytes: limits.waitBodyBytes,
            silenceMilliseconds: limits.silenceMilliseconds)
          return try await handler.wait(Self.describe(context), body: body)
        }
      }
      var response = response(answer, place: place, context: context, rest: nil)
      // Watching for the child's hanging up has used up the connection's reading side.
      response.headers[.connection] = "close"
      return response
    } catch {
      // Besides a stop, only the end of the child's side cancels: it hung up, or was given up.
      let isGivenUp = error is CancellationError && !Task.isShuttingDownGracefully
      return try refusal(
        for: isGivenUp ? TransportError.tooSlow(receivedBytes: 0) : error, to: request, context,
        rest: nil)
    }
  }

  private static func describe(_ context: ConnectionContext) -> SyncRequest {
    SyncRequest(requestID: context.requestID, peerAddress: context.peerAddress)
  }

  private func enter(_ gate: AdmissionGate) throws(HTTPProblem) -> AdmissionGate.Place {
    guard let place = gate.enter() else {
      throw HTTPProblem(
        .tooManyRequests, code: "too_many_requests",
        message: "\(gate.limit) requests are being served; call again later",
        retryAfterMilliseconds: limits.retryAfterMilliseconds)
    }
    return place
  }

  private func check(_ request: Request, limitBytes: Int) throws(HTTPProblem) {
    let type = request.headers[.contentType] ?? ""
    let name = type.prefix { $0 != ";" && $0 != " " }.lowercased()
    guard name == SyncPath.contentType else {
      throw HTTPProblem(
        .unsupportedMediaType, code: "unsupported_media_type",
        message: "the body must be \(SyncPath.contentType)")
    }
    guard request.headers[.contentEncoding] == nil else {
      throw HTTPProblem(
        .unsupportedMediaType, code: "unsupported_content_encoding",
        message: "frames carry their own compression; send no Content-Encoding")
    }
    if let length = request.headers[.contentLength] {
      guard let count = Int(length), count <= limitBytes else { throw Self.tooLarge(limitBytes) }
    }
  }

  private static func tooLarge(_ limitBytes: Int) -> HTTPProblem {
    HTTPProblem(
      .contentTooLarge, code: "content_too_large",
      message: "a request body may have \(limitBytes) bytes; take smaller turns")
  }
}

extension SyncRoutes {
  /// 200, and the hub's turn after it.
  private func response(
    _ answer: SyncAnswer, place: AdmissionGate.Place, context: ConnectionContext, rest: SyncBody?
  ) -> Response {
    let channel = context.channel
    let alarm = SilenceAlarm(
      channel, milliseconds: limits.silenceMilliseconds, closing: .all)
    let headers: HTTPFields = [.contentType: SyncPath.contentType, .cacheControl: "no-store"]
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { writer in
        var sink = writer
        let response = SyncResponse { bytes in
          for start in stride(from: 0, to: bytes.count, by: Limits.writePieceBytes) {
            guard !Task.isShuttingDownGracefully else { throw TransportError.stopping }
            let piece = bytes[start..<min(start + Limits.writePieceBytes, bytes.count)]
            try await alarm.watching { try await sink.write(ByteBuffer(bytes: piece)) }
            counters.update { $0.sentBytes += piece.count }
          }
        }
        try await answer.write(response)
        place.leave()
        try await writer.finish(nil)
        if let rest, await !rest.dropRest() { channel.close(promise: nil) }
      })
  }

  /// The error answer; then the rest of the body is dropped, within bounds, so that the child reads it.
  private func refusal(
    for error: any Error, to request: Request, _ context: ConnectionContext, rest: SyncBody?
  ) throws -> Response {
    let problem = problem(for: error, context)
    counters.update {
      if problem.status == .tooManyRequests { $0.refusedBusy += 1 } else { $0.refusedOther += 1 }
      if problem.code == "body_cut" || problem.code == "too_slow" { $0.cutBodies += 1 }
    }
    var response = try problem.response(from: request, context: context)
    guard let rest, !rest.isComplete else { return response }
    let (channel, body) = (context.channel, response.body)
    response.headers[.connection] = "close"
    response.body = ResponseBody(contentLength: body.contentLength) { writer in
      try await body.write(writer)
      _ = await rest.dropRest()
      channel.close(promise: nil)
    }
    return response
  }

  private func problem(for error: any Error, _ context: ConnectionContext) -> HTTPProblem {
    let retry = limits.retryAfterMilliseconds
    switch error {
    case let problem as HTTPProblem: return problem
    case SyncRefusal.busy(let milliseconds):
      return HTTPProblem(
        .tooManyRequests, code: "too_many_requests", message: "call again later",
        retryAfterMilliseconds: milliseconds)
    case SyncRefusal.notReady(let milliseconds):
      return HTTPProblem(
        .serviceUnavailable, code: "not_ready", message: "this node cannot serve now",
        retryAfterMilliseconds: milliseconds)
    case SyncRefusal.malformed(let reason):
      return HTTPProblem(.badRequest, code: "malformed_frames", message: reason)
    case TransportError.bodyTooLarge(let limit): return Self.tooLarge(limit)
    case TransportError.tooSlow(let received):
      return HTTPProblem(
        .requestTimeout, code: "too_slow",
        message: "too few bytes came in \(limits.silenceMilliseconds) ms, after \(received)")
    case TransportError.bodyCut(let received):
      return HTTPProblem(
        .badRequest, code: "body_cut", message: "the body ended after \(received) bytes")
    case TransportError.stopping, is CancellationError:
      return HTTPProblem(
        .serviceUnavailable, code: "stopping", message: "this node is stopping; call again later",
        retryAfterMilliseconds: retry)
    default:
      context.logger.error(
        "An exchange failed for a reason that is not the peer's", metadata: ["error": "\(error)"])
      return HTTPProblem(
        .internalServerError, code: "internal_error",
        message: "this node failed; its log has the reason under the request id")
    }
  }
}
