import { describe, expect, test } from "vitest";
import { summaryText } from "../../../server/retrieval/web/summarise.ts";
import { answerText } from "../../../server/rollout/answer-text.ts";
import type { Profile } from "../../../server/rollout/profile.ts";
import { r1SearcherEvalV0 } from "../../../server/rollout/profiles/r1-searcher-eval-v0.ts";
import { hasReference, referenceRows } from "../../fixtures/golden.ts";
import { type RolloutRow, type Stretch, replay } from "../../fixtures/reference-replay.ts";

interface OnlineRow extends RolloutRow {
  inputs: { text: string; stop_reason: string | null; k: number; summaries: string[] };
  out?: {
    label: "continued" | "finished";
    row: { gen_text_store?: string; pred_ans?: string; stop_reason_final?: string };
    summary_inputs: object[];
  };
}

/** The online program: one summary without a number where the local one inserts five documents, and one search less. */
const online: Profile = {
  ...r1SearcherEvalV0,
  insertion: { ...r1SearcherEvalV0.insertion, untitledDocument: "{text}\n", none: "None\n" },
  limits: { ...r1SearcherEvalV0.limits, searches: 8, turns: 8, passages: 1 },
};

const stopReasons: Record<string, string[]> = {
  finished: ["finished"],
  query_inst_error: ["empty-query"],
  many_retrieve: ["turn-limit"],
  shot_down: ["no-answer", "segment-limit"],
};

const reference = "golden/rl/rollout_text.jsonl";
const rows = referenceRows<OnlineRow>(reference).filter(({ program }) => program === "eval_online");

describe.skipIf(!hasReference(reference))("one step of the reference's online evaluation", () => {
  test.each(rows)("$id", async ({ inputs, out, error }) => {
    const { text, stop_reason: stop, k, summaries } = inputs;
    const before: Stretch[] = Array.from({ length: k }, () => ["so <|begin_of_query|>before", "<|end_of_query|>"]);
    const used = out?.summary_inputs.length ?? 0;
    const { trajectory, prompts } = await replay(
      online,
      "G:",
      [...before, [text, stop]],
      (asked) => (asked < k ? ["known"] : used === 0 ? [] : [summaryText(summaries[used - 1]!)]),
      "length",
    );
    if (!out) {
      // The reference raises where a page cannot be fetched; ours has nothing to insert and says so.
      expect(error).toContain("NoneType");
      expect(trajectory.text).toContain("<|begin_of_documents|>\nNone\n<|end_of_documents|>\n\n");
      return;
    }
    if (out.label === "continued") {
      expect(trajectory.text.endsWith(out.row.gen_text_store!.slice("G:".length))).toBe(true);
      expect(trajectory.searches).toHaveLength(k + 1);
      return;
    }
    expect(stopReasons[out.row.stop_reason_final!]).toContain(trajectory.stop?.reason);
    // What the reference generates after its last search is thrown away; ours is not asked for it.
    expect(prompts).toHaveLength(Math.min(k + 1, 8));
    const finished = trajectory.stop?.reason === "finished";
    expect((finished ? answerText(trajectory, online) : undefined) ?? "I don't know.").toBe(out.row.pred_ans!.trim());
    if (finished) expect(trajectory.text).toBe(out.row.gen_text_store);
  });
});
