import { describe, expect, test } from "vitest";
import { type Policy, PolicyError } from "../../../server/models/policy.ts";
import { type ScriptedStretch, scriptedPolicy } from "../../../server/models/scripted.ts";
import { r1Searcher } from "../../../server/rollout/profiles/r1-searcher.ts";
import type { RolloutRequest } from "../../../server/rollout/rollout.ts";
import { runRollout } from "../../../server/rollout/rollout.ts";
import { runRollouts } from "../../../server/rollout/scheduler.ts";
import type { Retriever } from "../../../server/retrieval/retriever.ts";
import { hitsOf, remotePassage } from "../../fixtures/retriever.ts";

const { tags } = r1Searcher;
const query = (text: string): ScriptedStretch => ({
  text: `${tags.queryOpen}${text}`,
  finish: { reason: "stop", stop: tags.queryClose },
});
const answer: ScriptedStretch = { text: "</think><answer> x </answer>", finish: { reason: "end" } };
const signal = new AbortController().signal;

function batches(): Retriever & { calls: string[][] } {
  const calls: string[][] = [];
  return {
    id: "test",
    folders: [],
    calls,
    coverage: () => undefined,
    search: (queries) => {
      calls.push([...queries]);
      return Promise.resolve(
        queries.map((text) => ({
          ok: true,
          hits: hitsOf([remotePassage(`about ${text}`)]),
          seconds: 1,
          cached: false,
        })),
      );
    },
  };
}

const request = (index: number, policy: Policy, retriever: Retriever): RolloutRequest => ({
  id: `r${index}`,
  question: `Q${index}?`,
  profile: r1Searcher,
  policy,
  retriever,
});

describe("a group of rollouts", () => {
  test("asks all queries of a turn in one call, and equal ones once", async () => {
    const retriever = batches();
    const scripts = [
      [query("a"), query("c"), answer],
      [query("a"), answer],
      [answer],
      [query("b"), query("c"), query("d"), answer],
    ];
    const trajectories = await runRollouts(
      scripts.map((script, at) => request(at, scriptedPolicy(script), retriever)),
      { concurrency: 8, signal },
    );
    expect(retriever.calls).toEqual([["a", "b"], ["c"], ["d"]]);
    expect(
      trajectories.map(({ searches }) =>
        searches.map(({ query: text, cached }) => `${text}${cached ? " cached" : ""}`),
      ),
    ).toEqual([["a", "c"], ["a cached"], [], ["b", "c cached", "d"]]);
    expect(trajectories.map(({ question }) => question)).toEqual(["Q0?", "Q1?", "Q2?", "Q3?"]);
  });

  test("gives each rollout the text that it would have had alone", async () => {
    const scripts = [
      [query(" a "), answer],
      [query("b"), query("b"), answer],
    ];
    const together = await runRollouts(
      scripts.map((script, at) => request(at, scriptedPolicy(script), batches())),
      { concurrency: 2, signal },
    );
    for (const [at, script] of scripts.entries()) {
      const alone = await runRollout(request(at, scriptedPolicy(script), batches()), { signal, onEvent: () => {} });
      expect(together[at]).toMatchObject({ text: alone.text, segments: alone.segments, stop: alone.stop! });
    }
  });

  test("keeps no more stretches in flight than it may", async () => {
    let running = 0;
    let most = 0;
    const slow: Policy = {
      ...scriptedPolicy([]),
      async *generate() {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 1));
        running -= 1;
        yield { text: "</think><answer>x</answer>" };
        return { reason: "end" };
      },
    };
    await runRollouts(
      Array.from({ length: 20 }, (_, at) => request(at, slow, batches())),
      { concurrency: 3, signal },
    );
    expect(most).toBe(3);
  });

  test("goes on with the others when one fails, and tells each end", async () => {
    const failing: Policy = {
      ...scriptedPolicy([]),
      // eslint-disable-next-line require-yield -- it fails before it writes anything
      async *generate() {
        throw new PolicyError("unavailable", "The server is gone; start it.");
      },
    };
    const ends: string[] = [];
    const trajectories = await runRollouts(
      [request(0, failing, batches()), request(1, scriptedPolicy([query("a"), answer]), batches())],
      {
        concurrency: 2,
        signal,
        onEnd: (index, { stop }) => ends.push(`${index} ${stop?.reason}`),
      },
    );
    expect(ends).toEqual(["0 policy-error", "1 finished"]);
    expect(trajectories).toHaveLength(2);
  });

  test("counts a rollout's own seconds only, however long the others take", async () => {
    const slow: Policy = {
      ...scriptedPolicy([]),
      async *generate() {
        await new Promise((resolve) => setTimeout(resolve, 60));
        yield { text: "</think><answer>x</answer>" };
        return { reason: "end" };
      },
    };
    const profile = { ...r1Searcher, limits: { ...r1Searcher.limits, seconds: 0.2 } };
    const one = (at: number): RolloutRequest => ({ ...request(at, slow, batches()), profile });
    const trajectories = await runRollouts([0, 1, 2, 3, 4, 5].map(one), { concurrency: 1, signal });
    expect(trajectories.map(({ stop }) => stop?.reason)).toEqual(Array.from({ length: 6 }, () => "finished"));
    for (const { usage } of trajectories) expect(usage.seconds).toBeLessThan(0.2);
  });

  test("ends all that live when it is cancelled", async () => {
    const controller = new AbortController();
    const waiting: Policy = {
      ...scriptedPolicy([]),
      async *generate(_, stop) {
        yield { text: "I think" };
        queueMicrotask(() => controller.abort());
        await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
        throw new PolicyError("cancelled", "Cancelled.");
      },
    };
    const trajectories = await runRollouts(
      [0, 1, 2].map((at) => request(at, waiting, batches())),
      { concurrency: 2, signal: controller.signal },
    );
    expect(trajectories.map(({ stop }) => stop?.reason)).toEqual(["cancelled", "cancelled", "cancelled"]);
  });
});
