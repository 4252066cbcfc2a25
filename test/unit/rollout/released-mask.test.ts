import { describe, expect, it } from "vitest";
import { releasedMask, releasedWarning, singleTokenMask } from "../../../server/rollout/released-mask.ts";
import { hasReference, referenceRows } from "../../fixtures/golden.ts";

interface MaskRow {
  id: string;
  fn: "pattern" | "single_token_151657_151658";
  inputs: { prompt_ids?: number[]; response_ids: number[]; retrieve_num_count?: number };
  out?: { mask: number[]; pure_response_length?: number; warned?: boolean; warned_counts?: number[] | null };
  error?: string;
}

const file = "golden/rl/retrieve_mask.jsonl";

describe.skipIf(!hasReference(file))("the released search for the retrieval mask", () => {
  const rows = hasReference(file) ? referenceRows<MaskRow>(file) : [];

  it("is reproduced token by token, warnings included", () => {
    const patterns = rows.filter(({ fn }) => fn === "pattern");
    expect(patterns.length).toBeGreaterThan(100);
    for (const { id, inputs, out } of patterns) {
      const found = releasedMask(inputs.prompt_ids!, inputs.response_ids);
      expect({ id, mask: found.mask }).toEqual({ id, mask: out!.mask });
      expect(found.mask.filter((value) => value === 1).length).toBe(out!.pure_response_length);
      if (out!.warned === undefined) continue;
      expect({ id, warned: releasedWarning(found, inputs.retrieve_num_count!) }).toEqual({ id, warned: out!.warned });
      if (out!.warned_counts) expect([found.starts, found.ends, inputs.retrieve_num_count]).toEqual(out!.warned_counts);
    }
  });

  it("is reproduced for the older function with one token a tag, which refuses unequal counts", () => {
    const single = rows.filter(({ fn }) => fn !== "pattern");
    expect(single.length).toBeGreaterThan(5);
    for (const { id, inputs, out } of single) {
      expect({ id, mask: singleTokenMask(inputs.response_ids) }).toEqual({ id, mask: out?.mask });
    }
  });
});

describe("releasedMask", () => {
  const qwenBlock = [27, 91, 7265, 3575, 75927, 91, 397, 5, 27, 91, 408, 3575, 75927, 91, 1339];

  it("masks a block with both tags and nothing else", () => {
    expect(releasedMask([1], [9, ...qwenBlock, 9]).mask).toEqual([1, ...qwenBlock.map(() => 0), 1]);
  });

  it("looks for Llama's ids where the prompt begins with Llama's first id, and then finds none of Qwen's", () => {
    expect(releasedMask([128_000], qwenBlock)).toEqual({ mask: qwenBlock.map(() => 1), starts: 0, ends: 0 });
  });
});
