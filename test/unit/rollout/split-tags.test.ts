import { describe, expect, test } from "vitest";
import { partitionFault, segmentText } from "../../../protocol/masks.ts";
import type { Passage } from "../../../protocol/passage.ts";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import type { TextTokenizer } from "../../../server/models/tokenizer.ts";
import { scriptedPolicy } from "../../../server/models/scripted.ts";
import type { Policy } from "../../../server/models/policy.ts";
import { restore } from "../../../server/rollout/control-tags.ts";
import { builtInProfiles, type Profile } from "../../../server/rollout/profile.ts";
import { runRollout } from "../../../server/rollout/rollout.ts";
import { functionRetriever } from "../../fixtures/retriever.ts";
import { samplingPolicy } from "../../fixtures/sampling-policy.ts";

const allTags = [...new Set(builtInProfiles.flatMap(({ tags, stops }) => [...Object.values(tags), ...stops]))].filter(
  Boolean,
);

/** A token for every two bytes, so that borders of tokens fall inside tags whichever way these stand. */
const pairs: TextTokenizer = {
  id: "pairs",
  encode: (text) => {
    const bytes = Buffer.from(text);
    return Array.from(
      { length: Math.ceil(bytes.length / 2) },
      (_, at) => (bytes[2 * at]! << 9) | ((bytes[2 * at + 1] ?? -1) + 1),
    );
  },
  encodePrompt: (text) => pairs.encode(text),
  decode: (ids) =>
    Buffer.from(ids.flatMap((id) => [id >> 9, ...((id & 511) === 0 ? [] : [(id & 511) - 1])])).toString("utf8"),
};

/** A tag cut at a place: in one text, over title and text of a passage, and over two passages. */
function passages(tag: string, cut: number): Passage[][] {
  const [head, tail] = [tag.slice(0, cut), tag.slice(cut)];
  return [
    [{ id: "a", title: "", text: `x${tag}${head}` }],
    [{ id: "a", title: head, text: tail }],
    [
      { id: "a", title: "", text: head },
      { id: "b", title: "", text: tail },
    ],
  ];
}

async function roll(profile: Profile, policy: Policy, found: readonly Passage[]): Promise<Trajectory> {
  return runRollout(
    { id: "01TEST", question: "Who?", profile, policy, retriever: functionRetriever(() => found) },
    { signal: new AbortController().signal, onEvent: () => {} },
  );
}

/** The only block lies where the record says, and the policy's text is what it wrote. */
function hold(trajectory: Trajectory, own: string, profile: Profile): void {
  expect(partitionFault(trajectory.segments, trajectory.text.length)).toBeUndefined();
  const of = (origin: string) => trajectory.segments.filter((segment) => segment.origin === origin);
  expect(of("environment").map(({ start, end }) => [start, end])).toEqual([
    [trajectory.searches[0]!.insertedStart, trajectory.searches[0]!.insertedEnd],
  ]);
  expect(
    of("policy")
      .map((segment) => segmentText(trajectory, segment))
      .join(""),
  ).toBe(own);
  const block = segmentText(trajectory, of("environment")[0]!);
  const body = block.slice(profile.insertion.before.length, block.length - profile.insertion.after.length);
  for (const tag of allTags) expect(body.includes(tag)).toBe(false);
  expect(restore(block).startsWith(profile.insertion.before)).toBe(true);
}

describe.each(builtInProfiles.map((profile) => [profile.name, profile] as const))("under %s", (_, profile) => {
  const { queryOpen, queryClose, answerOpen, answerClose } = profile.tags;
  const own = `t ${queryOpen}q${queryClose}${answerOpen}x${answerClose}`;

  test("a tag of any profile in a document, cut anywhere, moves no border of text or ids", async () => {
    for (const tag of allTags) {
      for (let cut = 1; cut < tag.length; cut++) {
        for (const found of passages(tag, cut)) {
          const text = scriptedPolicy([
            { text: `t ${queryOpen}q`, finish: { reason: "stop", stop: queryClose } },
            { text: `${answerOpen}x`, finish: { reason: "stop", stop: answerClose } },
          ]);
          hold(await roll(profile, text, found), own, profile);
          const ids = samplingPolicy(
            pairs,
            [
              { text: `t ${queryOpen}q${queryClose}`, finish: { reason: "stop", stop: queryClose } },
              { text: `${answerOpen}x${answerClose}`, finish: { reason: "stop", stop: answerClose } },
            ],
            [1 + (cut % 4)],
          );
          const sampled = await roll(profile, ids, found);
          hold(sampled, own, profile);
          expect(sampled.tokens!.logprobs!.filter((logprob) => logprob !== null).length).toBe(
            sampled.usage.policyTokens,
          );
        }
      }
    }
  });

  test("a closing tag of the policy, cut anywhere into chunks, ends its stretch there", async () => {
    for (let cut = 1; cut < queryClose.length; cut++) {
      const policy = scriptedPolicy([
        {
          text: [`t ${queryOpen}q${queryClose.slice(0, cut)}`, `${queryClose.slice(cut)} and more`],
          finish: { reason: "end" },
        },
        { text: `${answerOpen}x${answerClose} and more`, finish: { reason: "end" } },
      ]);
      const trajectory = await roll(profile, policy, [{ id: "a", title: "", text: "d" }]);
      if (profile.stops.includes(answerClose)) hold(trajectory, own, profile);
      else hold(trajectory, `${own} and more`, profile);
    }
  });
});
