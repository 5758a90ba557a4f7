// SPDX-License-Identifier: Apache-2.0

import HTTPCaching

/// What the exchanges of one upstream tell each other about its answers. It outlives reloads.
final class CacheCoordination: Sendable {
    /// Attempts that others wait for.
    let flights = InFlight<SharedAttempt.Result>()
    /// Whose answers turned out not to be storable: nobody waits for another's.
    let uncacheable = RecentKeys()
    /// Whose upstream has just failed while there was a stale answer.
    let heldDown = RecentKeys()
    let invalidations = Invalidations()

    /// How long an answer that could not be stored lets requests pass side by side.
    static let hitForMiss = Duration.seconds(30)
}
