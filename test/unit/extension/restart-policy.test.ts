import { expect, test } from "vitest";
import { afterCrash, crashWindowMilliseconds } from "../../../src/client/restart-policy.ts";

function crashAt(times: readonly number[]): ReturnType<typeof afterCrash>[] {
  let crashes: readonly number[] = [];
  return times.map((time) => {
    const next = afterCrash(crashes, time);
    crashes = next.crashes;
    return next;
  });
}

test("the fifth crash within three minutes is the last", () => {
  const actions = crashAt([0, 1_000, 2_000, 3_000, 4_000]).map(({ action }) => action);
  expect(actions).toEqual(["restart", "restart", "restart", "restart", "give-up"]);
});

test("crashes further apart than that are restarted for ever", () => {
  const times = Array.from({ length: 50 }, (_, index) => index * (crashWindowMilliseconds / 4));
  expect(new Set(crashAt(times).map(({ action }) => action))).toEqual(new Set(["restart"]));
});

test("the first restart comes at once, each further one later", () => {
  const delays = crashAt([0, 10, 20, 30]).map((next) =>
    next.action === "restart" ? next.delayMilliseconds : undefined,
  );
  expect(delays).toEqual([0, 250, 500, 1000]);
});

test("a crash after a quiet time counts as the first", () => {
  const last = crashAt([0, 10, 20, 30, 31 + crashWindowMilliseconds]).at(-1);
  expect(last).toMatchObject({ action: "restart", delayMilliseconds: 0 });
});
