internal import Changes
package import Store

extension StoreError {
  /// How long a peer waits before it comes again; nil when only people can help.
  package var retryAfterMilliseconds: UInt64? {
    switch self {
    case .busy: Limits.busyRetryMilliseconds
    case .diskFull: Limits.diskFullRetryMilliseconds
    default: nil
    }
  }
}
