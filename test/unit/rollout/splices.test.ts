import { describe, expect, test } from "vitest";
import type { TextTokenizer } from "../../../server/models/tokenizer.ts";
import { releasedMask } from "../../../server/rollout/released-mask.ts";
import { TokenTranscript } from "../../../server/rollout/token-transcript.ts";
import { hasReference, referenceRows } from "../../fixtures/golden.ts";

interface SpliceRow {
  id: string;
  tokenizer: string;
  a?: string;
  b: string;
  ids_a: number[];
  ids_b: number[];
  ids_joined: number[];
  concatenates: boolean;
}

interface TextRow {
  tokenizer: string;
  text: string;
  ids: number[];
}

const reference = "golden/rl/tokenizer_ids.jsonl";
const all = referenceRows<SpliceRow & TextRow>(reference);
const rows = all.filter(({ a }) => a !== undefined);

/** The real vocabularies are too large to keep: this one knows the recorded texts and refuses all others. */
function recorded({ tokenizer, a, b, ids_a, ids_b }: SpliceRow): TextTokenizer {
  const known = new Map([
    [a, ids_a],
    [b, ids_b],
  ]);
  const encode = (text: string): number[] => {
    const ids = known.get(text);
    if (!ids) throw new Error(`${JSON.stringify(text)} was not recorded`);
    return ids;
  };
  const texts = new Map([...known].map(([text, ids]) => [ids.join(), text!]));
  return {
    id: tokenizer,
    encode,
    encodePrompt: encode,
    decode: (ids) => texts.get(ids.join()) ?? (ids.length === 0 ? "" : "\uFFFD"),
  };
}

describe.skipIf(!hasReference(reference))("real ids of two texts that meet", () => {
  test("stay those of the two texts, also where the joined text has others", () => {
    expect(rows.length).toBe(38);
    expect(rows.filter(({ concatenates }) => !concatenates).length).toBe(16);
    for (const row of rows) {
      const sampled = new TokenTranscript(recorded(row));
      sampled.prompt(row.a!);
      sampled.beginStretch();
      sampled.sampled(row.ids_b, undefined);
      const inserted = new TokenTranscript(recorded(row));
      inserted.prompt(row.a!);
      inserted.environment(row.b);
      const apart = [...row.ids_a, ...row.ids_b];
      expect({ id: row.id, sampled: sampled.ids, inserted: inserted.ids }).toEqual({
        id: row.id,
        sampled: apart,
        inserted: apart,
      });
      expect({ id: row.id, same: apart.join() === row.ids_joined.join() }).toEqual({
        id: row.id,
        same: row.concatenates,
      });
    }
  });
});

describe.skipIf(!hasReference(reference))("the released patterns", () => {
  test.each([
    ["qwen2.5", 1],
    ["llama-3", 128_000],
  ])("are the ids that %s gives to the tags with their line breaks", (tokenizer, first) => {
    const idsOf = (text: string): number[] => all.find((row) => row.tokenizer === tokenizer && row.text === text)!.ids;
    const block = [...idsOf("<|begin_of_documents|>\n"), 5, ...idsOf("<|end_of_documents|>\n\n")];
    expect(releasedMask([first], [9, ...block, 9])).toEqual({
      mask: [1, ...block.map(() => 0), 1],
      starts: 1,
      ends: 1,
    });
  });
});
