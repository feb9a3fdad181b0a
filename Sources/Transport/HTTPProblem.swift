package import Hummingbird
internal import Logging
internal import NIOCore

/// Which connection a request came on, beside what Hummingbird keeps: limits act on the connection.
package struct ConnectionContext: RequestContext {
  package var coreContext: CoreRequestContextStorage
  let channel: any Channel
  /// What the log and the error answer call this request. `RequestContext.id` traps when the log
  /// handler keeps no metadata, so it is not used.
  let requestID: String

  package init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
    requestID = source.logger[metadataKey: "hb.request.id"]?.description ?? "\(RequestID())"
  }

  /// The address that the connection comes from; a proxy's, when there is one.
  package var peerAddress: String { channel.remoteAddress?.description ?? "unknown" }
}

/// An error answer: `{"code": …, "message": …, "request_id": …}`. Source: Protocol/7-HTTP.md §4.
package struct HTTPProblem: Error, Sendable {
  package let status: HTTPResponse.Status
  /// A word that programs compare.
  package let code: String
  /// A sentence for people: what was wrong and what is allowed.
  package let message: String
  /// In `Retry-After`, rounded up to seconds.
  package let retryAfterMilliseconds: UInt64?
  package var headers: HTTPFields = [:]

  package init(
    _ status: HTTPResponse.Status, code: String, message: String,
    retryAfterMilliseconds: UInt64? = nil, headers: HTTPFields = [:]
  ) {
    (self.status, self.code, self.message) = (status, code, message)
    (self.retryAfterMilliseconds, self.headers) = (retryAfterMilliseconds, headers)
  }

  private struct Body: ResponseEncodable {
    let code: String
    let message: String
    let requestID: String
    enum CodingKeys: String, CodingKey {
      case code
      case message
      case requestID = "request_id"
    }
  }
}

extension HTTPProblem: HTTPResponseError {
  package func response(from request: Request, context: some RequestContext) throws -> Response {
    let requestID = (context as? ConnectionContext)?.requestID ?? "\(RequestID())"
    let body = Body(code: code, message: message, requestID: requestID)
    var response = try body.response(from: request, context: context)
    response.status = status
    response.headers.append(contentsOf: headers)
    if let retryAfterMilliseconds {
      response.headers[.retryAfter] = "\((retryAfterMilliseconds + 999) / 1_000)"
    }
    return response
  }
}

/// Gives every error answer one shape, and 405 to the wrong method on a known path.
package struct ProblemMiddleware: RouterMiddleware {
  package typealias Context = ConnectionContext
  /// Paths that know one method only.
  private let onlyMethods: [String: HTTPRequest.Method]

  package init(onlyMethods: [String: HTTPRequest.Method]) { self.onlyMethods = onlyMethods }

  package func handle(
    _ request: Request, context: Context,
    next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    do {
      if let method = onlyMethods[request.uri.path], method != request.method {
        throw HTTPProblem(
          .methodNotAllowed, code: "method_not_allowed",
          message: "\(request.uri.path) takes \(method.rawValue) only",
          headers: [.allow: method.rawValue])
      }
      return try await next(request, context)
    } catch let problem as HTTPProblem {
      throw problem
    } catch let error as HTTPError {
      throw HTTPProblem(
        error.status, code: Self.code(error.status),
        message: error.body ?? error.status.reasonPhrase, headers: error.headers)
    }
  }

  /// `Not Found` → `not_found`.
  private static func code(_ status: HTTPResponse.Status) -> String {
    status.reasonPhrase.lowercased().map { $0 == " " ? "_" : String($0) }.joined()
  }
}
