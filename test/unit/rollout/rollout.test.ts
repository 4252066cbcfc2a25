import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { partitionFault, segmentText } from "../../../protocol/masks.ts";
import type { RolloutEvent } from "../../../protocol/rollout-events.ts";
import { applyRolloutEvent } from "../../../protocol/rollout-events.ts";
import { Trajectory } from "../../../protocol/trajectory.ts";
import { type Policy, PolicyError } from "../../../server/models/policy.ts";
import { type ScriptedStretch, scriptedPolicy } from "../../../server/models/scripted.ts";
import { builtInProfiles, type Profile } from "../../../server/rollout/profile.ts";
import { docs } from "../../../server/rollout/profiles/docs.ts";
import { r1Searcher } from "../../../server/rollout/profiles/r1-searcher.ts";
import { runRollout } from "../../../server/rollout/rollout.ts";
import { stretchPieces } from "../../../server/rollout/stretch-segments.ts";
import { functionRetriever, remotePassage } from "../../fixtures/retriever.ts";

const { tags } = r1Searcher;
const query = (text: string): ScriptedStretch => ({
  text: `I look. ${tags.queryOpen}${text}`,
  finish: { reason: "stop", stop: tags.queryClose },
});
const answer = (text: string): ScriptedStretch => ({
  text: `Done.</think>\n\n<answer>${text}`,
  finish: { reason: "stop", stop: tags.answerClose },
});

async function run(
  profile: Profile,
  policy: Policy,
  retriever = functionRetriever(() => [remotePassage("a document")]),
  signal = new AbortController().signal,
) {
  const events: RolloutEvent[] = [];
  const trajectory = await runRollout(
    { id: "01TEST", question: "Which dome?", profile, policy, retriever },
    { signal, onEvent: (event) => events.push(event) },
  );
  return { trajectory, events };
}

describe("the pieces of policy text", () => {
  test("cover a text made of tags alone, and take time in proportion to it", () => {
    const text = `${tags.thinkOpen}${tags.queryOpen}${tags.queryClose}`.repeat(30_000);
    const { pieces } = stretchPieces(text, tags, "think");
    expect(
      partitionFault(
        pieces.map((piece) => ({ ...piece, origin: "policy", turn: 0 })),
        text.length,
      ),
    ).toBeUndefined();
    expect(pieces.filter(({ kind }) => kind === "query")).toHaveLength(30_000);
  });
});

describe("a rollout", () => {
  test("alternates policy text and documents, and says who wrote what", async () => {
    const { trajectory } = await run(docs, scriptedPolicy([query("north dome"), answer("The north one [1].")]));
    expect(trajectory.segments.map(({ kind, origin, turn }) => `${turn} ${origin} ${kind}`)).toEqual([
      "0 prompt prompt",
      "0 policy think",
      "0 policy query",
      "0 environment documents",
      "1 policy think",
      "1 policy other",
      "1 policy answer",
    ]);
    expect(trajectory.stop).toEqual({ reason: "finished" });
    expect(trajectory.usage).toMatchObject({ turns: 2, searches: 1 });
    expect(trajectory.searches[0]).toMatchObject({ query: "north dome", insertedHits: 1, turn: 0 });
    expect(Trajectory.safeParse(trajectory).success).toBe(true);
  });

  test("numbers documents through all searches in the docs profile, per search in R1-Searcher's", async () => {
    const policy = () => scriptedPolicy([query("a"), query("b"), answer("x")]);
    expect((await run(docs, policy())).trajectory.text).toContain("\n(2) ");
    expect((await run(r1Searcher, policy())).trajectory.text.match(/\(1\)a document/g)).toHaveLength(2);
  });

  test("whoever applies its events holds the same trajectory at the end", async () => {
    const { trajectory, events } = await run(
      r1Searcher,
      scriptedPolicy([{ ...query("  north  "), text: `\n  I look. ${tags.queryOpen}  north ` }, answer("x")]),
    );
    let watched: Trajectory | undefined;
    for (const event of events) watched = applyRolloutEvent(watched, event);
    expect(watched).toMatchObject({
      text: trajectory.text,
      segments: trajectory.segments,
      searches: trajectory.searches,
      notices: trajectory.notices,
    });
  });

  test("ends with a reason when the policy fails, keeping what it wrote", async () => {
    const policy: Policy = {
      ...scriptedPolicy([]),
      async *generate() {
        yield { text: "I think" };
        throw new PolicyError("unavailable", "The server at localhost does not answer; start it.");
      },
    };
    const { trajectory } = await run(docs, policy);
    expect(trajectory.stop).toEqual({
      reason: "policy-error",
      detail: "The server at localhost does not answer; start it.",
    });
    expect(trajectory.text).toMatch(/I think$/);
  });

  test("never shows a retrieval error to the policy as a document", async () => {
    const retriever = functionRetriever(() => ({
      ok: false,
      error: { kind: "timeout", message: "The server was silent for 10 s; restart it." },
    }));
    const { trajectory } = await run(docs, scriptedPolicy([query("a"), answer("x")]), retriever);
    expect(trajectory.stop).toEqual({
      reason: "retrieval-error",
      detail: "The server was silent for 10 s; restart it.",
    });
    expect(trajectory.segments.some(({ origin }) => origin === "environment")).toBe(false);
    expect(trajectory.searches[0]?.error).toContain("silent");
  });

  test("stops at once when it is cancelled in the middle of the policy's text", async () => {
    const controller = new AbortController();
    const policy: Policy = {
      ...scriptedPolicy([]),
      async *generate(_, signal) {
        yield { text: "I think" };
        controller.abort();
        if (signal.aborted) throw new PolicyError("cancelled", "Cancelled.");
        return { reason: "end" };
      },
    };
    const { trajectory } = await run(docs, policy, undefined, controller.signal);
    expect(trajectory.stop).toEqual({ reason: "cancelled" });
  });

  test("ends when its time is up", async () => {
    const policy: Policy = {
      ...scriptedPolicy([]),
      async *generate(_, signal) {
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        yield { text: "" };
        throw new PolicyError("cancelled", "Cancelled.");
      },
    };
    const { trajectory } = await run({ ...docs, limits: { ...docs.limits, seconds: 0.02 } }, policy);
    expect(trajectory.stop?.reason).toBe("time-limit");
  });

  test("takes untagged text as the answer only where the profile does", async () => {
    const plain = () => scriptedPolicy([{ text: "I know.</think> It is the north dome.", finish: { reason: "end" } }]);
    expect((await run(docs, plain())).trajectory.stop?.reason).toBe("finished");
    expect((await run(r1Searcher, plain())).trajectory.stop?.reason).toBe("no-answer");
  });

  test("documents made of control tags move no border: the mask is exactly what was inserted", async () => {
    const piece = fc.oneof(
      fc.constantFrom(...new Set(builtInProfiles.flatMap((profile) => Object.values(profile.tags)).filter(Boolean))),
      fc.constantFrom("\n", "\n\n", " ", "‹", "<|", "|>", "{text}", "{number}", "$&"),
      fc.string({ maxLength: 6 }),
    );
    const document = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(""));
    await fc.assert(
      fc.asyncProperty(
        fc.array(document, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...builtInProfiles),
        async (texts, profile) => {
          const ask: ScriptedStretch = {
            text: `t ${profile.tags.queryOpen}q`,
            finish: { reason: "stop", stop: profile.tags.queryClose },
          };
          const end: ScriptedStretch = {
            text: `${profile.tags.answerOpen}x`,
            finish: { reason: "stop", stop: profile.tags.answerClose },
          };
          const { trajectory } = await run(
            profile,
            scriptedPolicy([ask, end]),
            functionRetriever(() => texts.map((text, at) => remotePassage(text, String(at)))),
          );
          expect(partitionFault(trajectory.segments, trajectory.text.length)).toBeUndefined();
          const environment = trajectory.segments.filter(({ origin }) => origin === "environment");
          expect(environment).toHaveLength(1);
          expect([environment[0]!.start, environment[0]!.end]).toEqual([
            trajectory.searches[0]!.insertedStart,
            trajectory.searches[0]!.insertedEnd,
          ]);
          const own = trajectory.segments
            .filter(({ origin }) => origin === "policy")
            .map((segment) => segmentText(trajectory, segment))
            .join("");
          expect(own).toBe(
            `t ${profile.tags.queryOpen}q${profile.tags.queryClose}${profile.tags.answerOpen}x${profile.tags.answerClose}`,
          );
          const inserted = segmentText(trajectory, environment[0]!);
          const body = inserted.slice(
            profile.insertion.before.length,
            inserted.length - profile.insertion.after.length,
          );
          for (const tag of Object.values(profile.tags).filter(Boolean)) expect(body).not.toContain(tag);
        },
      ),
      { numRuns: 300 },
    );
  });
});
