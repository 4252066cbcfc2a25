import { expect, test } from "vitest";
import { requestLimit } from "../../../server/engine/proxy-limits.ts";
import { isEngineRoute } from "../../../server/engine/proxy-routes.ts";

test("the protocol passes, what else a server has does not", () => {
  for (const [method, path] of [
    ["GET", "/api/v1/healthz"],
    ["POST", "/api/v1/forward_backward"],
    ["GET", "/api/v1/training_runs/model_0a/checkpoints/step-12/archive"],
    ["DELETE", "/api/v1/training_runs/model_0a/checkpoints/weights/step-12"],
  ] as const)
    expect(isEngineRoute(method, path), path).toBe(true);
  for (const [method, path] of [
    ["GET", "/"],
    ["POST", "/start_profiling"],
    ["GET", "/api/v1/healthz/"],
    ["GET", "/api/v1/healthz\n"],
    ["DELETE", "/api/v1/training_runs/model_0a"],
    ["GET", "/api/v1/training_runs/../checkpoints"],
    ["GET", "/api/v1/training_runs/a%2e%2e/checkpoints"],
    ["GET", "/api/v1/training_runs/a/checkpoints/weights/b/archive"],
  ] as const)
    expect(isEngineRoute(method, path), path).toBe(false);
});

test("a bucket lets its burst through, then its rate, each asker for itself", () => {
  const limit = requestLimit(2, 3);
  const take = (asker: string, at: number): boolean => limit.take(asker, at).ok;
  expect([0, 0, 0, 0].map((at) => take("a", at))).toEqual([true, true, true, false]);
  expect(take("b", 0)).toBe(true);
  expect(limit.take("a", 100)).toEqual({ ok: false, seconds: 1 });
  expect(take("a", 600)).toBe(true);
  expect(take("a", 700)).toBe(false);
  // A long rest fills the bucket to its burst and no further.
  expect([60_000, 60_000, 60_000, 60_000].map((at) => take("a", at))).toEqual([true, true, true, false]);
});
