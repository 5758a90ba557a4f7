// SPDX-License-Identifier: Apache-2.0

package struct CircuitBreaker: Sendable {
}
