-- SPDX-License-Identifier: Apache-2.0
-- For wrk: the request's body, and a result that a program can read.

local size = tonumber(os.getenv("BENCH_BODY") or "0")
if size > 0 then
   wrk.method = "POST"
   wrk.body = string.rep("x", size)
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '\n{"requests": %d, "seconds": %f, "p50": %d, "p99": %d, "wrong": %d, "broken": %d}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99), errors.status,
      errors.connect + errors.read + errors.write + errors.timeout))
end
