import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { partitionFault } from "../../../protocol/masks.ts";
import type { Policy } from "../../../server/models/policy.ts";
import { plainPieces } from "../../../server/models/plain-pieces.ts";
import { type TextTokenizer, makeTokenizer } from "../../../server/models/tokenizer.ts";
import { restore } from "../../../server/rollout/control-tags.ts";
import { builtInProfiles, type Profile } from "../../../server/rollout/profile.ts";
import { runRollout } from "../../../server/rollout/rollout.ts";
import { tokenMask } from "../../../server/rollout/token-transcript.ts";
import { hasReference, referenceFile, referenceRows } from "../../fixtures/golden.ts";
import { functionRetriever, remotePassage } from "../../fixtures/retriever.ts";
import { samplingPolicy } from "../../fixtures/sampling-policy.ts";

/** A tokenizer of UTF-8 bytes with one control token, which plain text must never become. */
const bytes: TextTokenizer = {
  id: "bytes",
  encode: (text) => [...Buffer.from(text)],
  encodePrompt: (text) =>
    text.split("<|im_start|>").flatMap((part, at) => [...(at > 0 ? [256] : []), ...Buffer.from(part)]),
  decode: (ids) => {
    const parts = ids.flatMap((id) => (id === 256 ? [...Buffer.from("<|im_start|>")] : [id]));
    return Buffer.from(parts).toString("utf8");
  },
};

async function roll(
  tokenizer: TextTokenizer,
  profile: Profile,
  documents: readonly string[],
  sizes: readonly number[],
  thought = "I 想 👩‍🚀 think. ",
) {
  const { tags } = profile;
  const policy = samplingPolicy(
    tokenizer,
    [
      { text: `${thought}${tags.queryOpen} q ${tags.queryClose}`, finish: { reason: "stop", stop: tags.queryClose } },
      { text: `so ${tags.answerOpen}x${tags.answerClose}`, finish: { reason: "stop", stop: tags.answerClose } },
    ],
    sizes,
  );
  const retriever = functionRetriever(() => documents.map((text, at) => remotePassage(text, String(at))));
  return runRollout(
    { id: "01TEST", question: "Who?", profile, policy, retriever },
    { signal: new AbortController().signal, onEvent: () => {} },
  );
}

const piece = fc.oneof(
  fc.constantFrom(
    ...new Set(builtInProfiles.flatMap(({ tags }) => Object.values(tags)).filter(Boolean)),
    "<|im_start|>",
    "<|endoftext|>",
    "</s>",
  ),
  fc.string({ unit: "grapheme", maxLength: 5 }),
  fc.constantFrom("\n\n", " ", "北", "é", "👩‍🚀", "<|", "|>"),
);
const document = fc.array(piece, { maxLength: 10 }).map((parts) => parts.join(""));

async function holds(
  tokenizer: TextTokenizer,
  profile: Profile,
  documents: readonly string[],
  sizes: readonly number[],
): Promise<void> {
  const trajectory = await roll(tokenizer, profile, documents, sizes);
  const { ids, logprobs } = trajectory.tokens!;
  expect(tokenizer.decode(ids)).toBe(trajectory.text);
  expect(partitionFault(trajectory.segments, trajectory.text.length)).toBeUndefined();
  expect(
    partitionFault(
      trajectory.segments.map(({ tokenStart, tokenEnd }) => ({ start: tokenStart!, end: tokenEnd! }) as never),
      ids.length,
    ),
  ).toBeUndefined();
  // The mask is exactly what was sampled: those ids have log-probabilities, and no others do.
  const mask = tokenMask(trajectory.segments, ids.length);
  expect([...mask].map((bit) => bit === 1)).toEqual(logprobs!.map((logprob) => logprob !== null));
  const counts = { prompt: 0, policy: 0, environment: 0 };
  for (const segment of trajectory.segments) counts[segment.origin] += segment.tokenEnd! - segment.tokenStart!;
  expect(counts.policy + counts.environment).toBe(ids.length - counts.prompt);
  expect(counts.policy).toBe(mask.reduce((sum, bit) => sum + bit, 0));
  const inserted = trajectory.segments.filter(({ origin }) => origin === "environment");
  expect(inserted.map(({ start, end }) => [start, end])).toEqual([
    [trajectory.searches[0]!.insertedStart, trajectory.searches[0]!.insertedEnd],
  ]);
  expect(trajectory.searches[0]!.query.trim()).toBe("q");
}

describe("a rollout of token ids", () => {
  test("keeps sampled ids as they came, knows each token's origin, and says in text what its ids say", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(document, { maxLength: 3 }),
        fc.constantFrom(...builtInProfiles),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
        (documents, profile, sizes) => holds(bytes, profile, documents, sizes),
      ),
      { numRuns: 300 },
    );
  });

  test("shows no half character while it streams", async () => {
    const seen: string[] = [];
    const policy = samplingPolicy(
      bytes,
      [{ text: "北京 👩‍🚀</think><answer>x</answer>", finish: { reason: "end" } }],
      [1],
    );
    await runRollout(
      { id: "01TEST", question: "Who?", profile: builtInProfiles[1]!, policy, retriever: functionRetriever(() => []) },
      { signal: new AbortController().signal, onEvent: (event) => event.type === "text" && seen.push(event.delta) },
    );
    expect(seen.join("")).not.toContain("\uFFFD");
  });

  test("keeps bytes that are no character at the end of a stretch, and says so in the text", async () => {
    const whole = Buffer.from("北");
    let done = false;
    const policy: Policy = {
      ...samplingPolicy(bytes, [], [1]),
      async *generate() {
        if (!done) yield { text: "", ids: [...whole.subarray(0, 2)], logprobs: [-1, -2] };
        done = true;
        return { reason: "length" };
      },
    };
    const trajectory = await runRollout(
      { id: "01TEST", question: "Who?", profile: builtInProfiles[1]!, policy, retriever: functionRetriever(() => []) },
      { signal: new AbortController().signal, onEvent: () => {} },
    );
    expect(trajectory.text.endsWith("\uFFFD")).toBe(true);
    expect(trajectory.tokens!.ids.slice(-2)).toEqual([...whole.subarray(0, 2)]);
    expect(trajectory.stop?.reason).toBe("segment-limit");
  });
});

describe("plain text", () => {
  test("is cut so that no piece spells a control token, and nothing is lost", () => {
    const control = ["<|im_start|>", "</s>", "<s>", "<|a|>"];
    const text = fc
      .array(fc.oneof(fc.constantFrom(...control, "<", "s>", "|>"), fc.string({ maxLength: 3 })), { maxLength: 12 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (value) => {
        const pieces = plainPieces(value, control);
        expect(pieces.join("")).toBe(value);
        for (const part of pieces) for (const token of control) expect(part).not.toContain(token);
      }),
    );
  });
});

const reference = "golden/rl/tokenizer_mini.jsonl";
describe.skipIf(!hasReference(reference))("tokenizers of the reference library", () => {
  const rows = referenceRows<{
    id: string;
    tokenizer: string;
    text: string;
    ids_no_special: number[];
    decoded: string;
  }>(reference);
  const tokenizers = new Map<string, TextTokenizer>();
  const tokenizer = (name: string): TextTokenizer => {
    const known =
      tokenizers.get(name) ??
      makeTokenizer(name, JSON.parse(readFileSync(referenceFile(`golden/rl/tokenizer-mini/${name}.json`), "utf8")));
    tokenizers.set(name, known);
    return known;
  };

  test.each([...new Set(rows.map((row) => row.tokenizer))])("%s gives the same ids and the same text", (name) => {
    const own = rows.filter((row) => row.tokenizer === name);
    expect(own.length).toBeGreaterThan(50);
    for (const row of own) {
      expect(tokenizer(name).encodePrompt(row.text), row.id).toEqual(row.ids_no_special);
      expect(tokenizer(name).decode(row.ids_no_special), row.id).toBe(row.decoded);
    }
  });

  test.each(["qwen-like", "gpt2-like", "llama3-like", "smollm-like"])(
    "%s rolls out with one growing list of ids",
    async (name) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(document, { maxLength: 2 }),
          fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
          (documents, sizes) => holds(tokenizer(name), builtInProfiles[1]!, documents, sizes),
        ),
        { numRuns: 60 },
      );
    },
  );

  test("a control token that a document spells out stays text", () => {
    const own = tokenizer("qwen-like");
    const special = own.encodePrompt("<|im_end|>");
    expect(special).toHaveLength(1);
    expect(own.encode("a <|im_end|> b")).not.toContain(special[0]);
    expect(restore(own.decode(own.encode("a <|im_end|> b")))).toBe("a <|im_end|> b");
  });
});
