import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { segmentText } from "../../../protocol/masks.ts";
import { type TextTokenizer, makeTokenizer } from "../../../server/models/tokenizer.ts";
import { r1Searcher } from "../../../server/rollout/profiles/r1-searcher.ts";
import { releasedMask } from "../../../server/rollout/released-mask.ts";
import { runRollout } from "../../../server/rollout/rollout.ts";
import { hasReference, referenceFile, referenceRows } from "../../fixtures/golden.ts";
import { type RolloutRow, type Stretch, replay } from "../../fixtures/reference-replay.ts";
import { functionRetriever, remotePassage } from "../../fixtures/retriever.ts";
import { samplingPolicy } from "../../fixtures/sampling-policy.ts";

interface Retokenised extends RolloutRow {
  tokenizer: "qwen2.5" | "llama-3";
  inputs: { prompt: string; segments: Stretch[]; answers: string[][][] | null };
  out: {
    prompt_ids: number[];
    response_ids: number[];
    response_text: string;
    last_prompt_text: string;
    mask_zero_text: string;
  };
}

const reference = "golden/rl/rollout_text.jsonl";
const rows = referenceRows<Retokenised>(reference).filter(({ tokenizer }) => tokenizer);
/** The real vocabularies are too large to keep; these are cut in the same way, with fewer merges. */
const vocabularies = { "qwen2.5": "qwen-like", "llama-3": "llama3-like" } as const;
const tokenizers = new Map<string, TextTokenizer>();

function tokenizerOf(row: Retokenised): TextTokenizer {
  const name = vocabularies[row.tokenizer];
  const known =
    tokenizers.get(name) ??
    makeTokenizer(name, JSON.parse(readFileSync(referenceFile(`golden/rl/tokenizer-mini/${name}.json`), "utf8")));
  tokenizers.set(name, known);
  return known;
}

const documentsOf =
  ({ inputs }: Retokenised) =>
  (asked: number): string[] =>
    inputs.answers?.[asked]?.[0] ?? ["7\ta   b"];

describe.skipIf(!hasReference(reference))("rollouts that the reference tokenised again", () => {
  test.each(rows)("$id: the text is the reference's, without the words that it loses from training", async (row) => {
    const { inputs, out } = row;
    const { trajectory, prompts } = await replay(r1Searcher, inputs.prompt, inputs.segments, documentsOf(row), "end");
    expect(prompts.at(-1)).toBe(out.last_prompt_text);
    expect(trajectory.text).toBe(out.last_prompt_text + inputs.segments.at(-1)![0]);
    expect(trajectory.text.endsWith(out.response_text)).toBe(true);
    const inserted = trajectory.segments
      .filter(({ origin }) => origin === "environment")
      .map((segment) => segmentText(trajectory, segment));
    // The break before a block is the environment's too; the reference trains on it.
    expect(inserted.map((text) => text.replace(/^\n\n/u, "")).join("")).toBe(out.mask_zero_text);
  });

  test.each(rows)(
    "$id: the released search finds as many blocks in the real ids as were inserted",
    ({ inputs, out }) => {
      const searches = inputs.segments.filter(([, stop]) => stop !== null).length;
      expect(releasedMask(out.prompt_ids, out.response_ids)).toMatchObject({ starts: searches, ends: searches });
    },
  );

  test.each(rows)(
    "$id: ids are those of prompt, sample and insertion one after another, and lose nothing",
    async (row) => {
      const tokenizer = tokenizerOf(row);
      const { prompt, segments } = row.inputs;
      const sampled = segments.map(([text, stop]) => text + (stop ?? ""));
      const policy = samplingPolicy(
        tokenizer,
        sampled.map((text, at) => ({
          text,
          finish: segments[at]![1] === null ? { reason: "end" } : { reason: "stop", stop: segments[at]![1]! },
        })),
        [3],
      );
      const documents = documentsOf(row);
      const retriever = functionRetriever((_, asked) =>
        documents(asked).map((text, index) => remotePassage(text, `${asked}.${index}`)),
      );
      const profile = { ...r1Searcher, prompt: { kind: "text" as const, text: "{question}" } };
      const trajectory = await runRollout(
        { id: "01TEST", question: prompt, profile, policy, retriever },
        { signal: new AbortController().signal, onEvent: () => {} },
      );
      const inserted = trajectory.segments
        .filter(({ origin }) => origin === "environment")
        .map((segment) => segmentText(trajectory, segment));
      const expected = [
        tokenizer.encodePrompt(prompt),
        ...sampled.flatMap((text, at) => [tokenizer.encode(text), tokenizer.encode(inserted[at] ?? "")]),
      ].flat();
      expect(trajectory.tokens!.ids).toEqual(expected);
      expect(tokenizer.decode(expected)).toBe(trajectory.text);
      expect(trajectory.text.startsWith(prompt + segments[0]![0])).toBe(true);
    },
  );

  test("the reference loses the first word of most of them", () => {
    const losing = rows.filter(
      ({ inputs, out }) => !(inputs.prompt + out.response_text).startsWith(out.last_prompt_text),
    );
    expect([losing.length, rows.length]).toEqual([16, 24]);
  });
});
