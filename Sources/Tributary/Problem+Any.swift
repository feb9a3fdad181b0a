import ArgumentParser
import Casework
import Node
import Store
import Terminal
import Transport

extension Problem {
  /// Runs `body`; whatever it throws becomes a problem for people. `failed`: what was being done.
  static func fromAny<Result>(
    _ failed: String, on subject: String, _ body: () async throws -> Result
  ) async throws -> Result {
    do {
      return try await body()
    } catch let problem as Problem {
      throw problem
    } catch let code as ExitCode {
      throw code
    } catch let error as StoreError {
      throw Problem(failed, on: subject, error)
    } catch let error as CaseworkError {
      throw Problem(failed, on: subject, error)
    } catch let error as ConfigurationError {
      throw Problem(
        failed, on: subject, because: error.description,
        next: ["`tributary config show --example` explains every setting."],
        status: .configuration)
    } catch let error as TransportError {
      throw Problem(
        failed, on: subject, because: error.description,
        next: ["Check the address and whether something else listens there."],
        status: .unavailable)
    } catch {
      throw Problem(
        failed, on: subject, because: "\(error)", next: ["Report this with the logs."],
        status: .software)
    }
  }
}
