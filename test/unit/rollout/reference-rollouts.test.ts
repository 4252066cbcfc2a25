import { describe, expect, test } from "vitest";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import { answerText } from "../../../server/rollout/answer-text.ts";
import { restore } from "../../../server/rollout/control-tags.ts";
import { r1SearcherEvalV0 } from "../../../server/rollout/profiles/r1-searcher-eval-v0.ts";
import { r1Searcher } from "../../../server/rollout/profiles/r1-searcher.ts";
import { searchR1 } from "../../../server/rollout/profiles/search-r1.ts";
import { hasReference, referenceRows } from "../../fixtures/golden.ts";
import { type RolloutRow, type Stretch, replay } from "../../fixtures/reference-replay.ts";

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `doc ${index + 1}`);
const reference = "golden/rl/rollout_text.jsonl";
const rows = referenceRows<RolloutRow>(reference);
const own = (program: RolloutRow["program"]): RolloutRow[] =>
  rows.filter((row) => row.program === program && !row.tokenizer);

describe.skipIf(!hasReference(reference))("rollouts of the reference programs", () => {
  test("are all answered: here, and in the files for the web and for real tokenizers", () => {
    const counts = {
      training: own("train").length,
      evaluation: own("eval_local").length,
      web: own("eval_online").length,
      searchR1: own("search_r1").length,
      tokenizers: rows.filter(({ tokenizer }) => tokenizer).length,
    };
    expect(counts).toEqual({ training: 62, evaluation: 63, web: 17, searchR1: 27, tokenizers: 24 });
    expect(rows).toHaveLength(193);
  });

  describe("training", () => {
    /** The server answers five documents where three were asked for; the reference inserts them all, ours what was asked. */
    const overfull = "train-docs-five";

    test("a server that answers more documents than asked gets no more of them inserted", async () => {
      const { inputs } = own("train").find(({ id }) => id === overfull)!;
      const { segments, answers } = inputs as { segments: Stretch[][]; answers: string[][][] };
      expect(answers[0]![0]).toHaveLength(5);
      const { trajectory } = await replay(r1Searcher, "P0:", segments[0]!, () => answers[0]![0]!, "end");
      expect(trajectory.searches[0]).toMatchObject({ insertedHits: 3, hits: { length: 5 } });
      expect(trajectory.text).toContain("(3)d3\n<|end_of_documents|>");
    });

    test.each(own("train").filter(({ id }) => id !== overfull))("$id", async (row) => {
      const { segments, answers, status } = row.inputs as {
        segments: Stretch[][];
        answers: string[][][] | null;
        status: number;
      };
      // Each search of an iteration is answered by position among the rollouts that search in it.
      const searches = segments.map((stretches) =>
        stretches.map(([text, stop]) => stop !== null && /<\|begin_of_query\|>[\s"]*[^\s"]/u.test(text)),
      );
      const position = (rollout: number, asked: number): number =>
        searches.slice(0, rollout).filter((made) => made.slice(0, asked + 1).every(Boolean)).length;
      const replays = await Promise.all(
        segments.map((stretches, rollout) =>
          replay(
            r1Searcher,
            `P${rollout}:`,
            stretches,
            (asked) => (answers ? answers[asked]![position(rollout, asked)]! : numbered(3)),
            "end",
            status,
          ),
        ),
      );
      if (row.error) {
        // The reference raises and loses the batch; ours ends the rollout and says why.
        expect(replays[0]!.trajectory.stop).toMatchObject({
          reason: "retrieval-error",
          detail: expect.stringContaining("500") as string,
        });
        return;
      }
      const out = row.out as {
        prompts: string[][];
        queries: string[];
        k: number | null;
        sampling: { max_tokens: number; stop: string[]; temperature: number; top_p: number };
        final: { prompt: string; response: string; retrieve_num: number }[];
      };
      for (const [rollout, { trajectory, prompts, counts, stops }] of replays.entries()) {
        const expected = out.prompts.flat().filter((prompt) => prompt.startsWith(`P${rollout}:`));
        const wanted = out.final.find(({ prompt }) => prompt === `P${rollout}:`)!;
        expect(prompts.map(restore)).toEqual(expected);
        expect(restore(trajectory.text)).toBe(wanted.prompt + wanted.response);
        expect(trajectory.searches).toHaveLength(wanted.retrieve_num);
        expect(counts.every((count) => count === out.k)).toBe(true);
        expect(stops).toEqual(out.sampling.stop);
        expect(trajectory.sampling).toEqual({
          temperature: out.sampling.temperature,
          topP: out.sampling.top_p,
          maxSegmentTokens: out.sampling.max_tokens,
        });
      }
      expect(replays.flatMap(({ queries }) => queries).sort()).toEqual(out.queries.flat().sort());
    });
  });

  describe("evaluation", () => {
    const stopReasons: Record<string, string[]> = {
      finished: ["finished"],
      query_inst_error: ["empty-query"],
      many_retrieve: ["turn-limit"],
      shot_down: ["no-answer", "segment-limit"],
    };
    test.each(own("eval_local"))("$id", async (row) => {
      const { segments, answers, status } = row.inputs as {
        segments: Stretch[];
        answers: string[][][] | null;
        status: number;
      };
      const { trajectory, prompts, queries, counts, stops } = await replay(
        r1SearcherEvalV0,
        "",
        segments,
        (asked) => (answers ? answers[asked]![0]! : numbered(5)),
        "length",
        status,
      );
      if (row.error) {
        // The reference stops with a KeyError and writes no row.
        expect(trajectory.stop?.reason).toBe("retrieval-error");
        return;
      }
      const out = row.out as {
        appended: string[];
        queries: string[];
        k: number | null;
        sampling: { stop: string[]; temperature: number };
        rows: { pred_ans: string; stop_reason_final: string; gen_text_store?: string }[];
      };
      const [result] = out.rows;
      // The tenth stretch is thrown away by the reference whatever it holds, so ours is not sampled at all.
      const appended = result!.stop_reason_final === "many_retrieve" ? out.appended.slice(0, -1) : out.appended;
      expect(prompts.map(restore)).toEqual(appended);
      expect(queries).toEqual(out.queries);
      expect(counts.every((count) => count === out.k)).toBe(true);
      expect(stops).toEqual(out.sampling.stop);
      expect(trajectory.sampling.temperature).toBe(out.sampling.temperature);
      expect(stopReasons[result!.stop_reason_final]).toContain(trajectory.stop?.reason);
      const answer = trajectory.stop?.reason === "finished" ? answerText(trajectory, r1SearcherEvalV0) : undefined;
      expect(answer ?? "I don't know.").toBe(result!.pred_ans.trim());
      if (trajectory.stop?.reason === "finished") expect(restore(trajectory.text)).toBe(result!.gen_text_store);
    });
  });

  describe("Search-R1", () => {
    /** Rows whose rule was left out on purpose, and why. */
    const changed: Record<string, string> = {
      "search-r1-obs-truncated": "an observation is cut by tokens there; here whole passages are inserted",
      "search-r1-answer-before-search":
        "stop strings are enforced at the first one; the reference cuts at the search tag first",
    };
    test.each(own("search_r1").filter(({ id }) => !changed[id]))("$id", async (row) => {
      const {
        segments,
        contents,
        max_turns: turns,
      } = row.inputs as { segments: string[][]; contents: string[][][] | null; max_turns: number };
      const out = row.out as {
        prompts: string[][];
        queries: string[][];
        final: { response: string; runs: [string, number][] }[];
      };
      const search = (text: string): boolean => /<search>.*<\/search>/su.test(text);
      for (const [rollout, texts] of segments.entries()) {
        const position = (asked: number): number =>
          segments.slice(0, rollout).filter((other) => search(other[asked] ?? "")).length;
        const { trajectory, prompts, queries } = await replay(
          { ...searchR1, limits: { ...searchR1.limits, searches: turns, turns: turns + 1 } },
          `[${rollout}]`,
          texts.map((text): Stretch => [text, null]),
          (asked) => (contents ? contents[asked]![position(asked)]! : ['"T"\ntext']),
          "end",
        );
        expect(prompts.map(restore)).toEqual(out.prompts.flat().filter((prompt) => prompt.startsWith(`[${rollout}]`)));
        expect(restore(trajectory.text)).toBe(`[${rollout}]${out.final[rollout]!.response}`);
        if (segments.length === 1) expect(queries).toEqual(out.queries.flat());
        expect(maskRuns(trajectory)).toEqual(joined(out.final[rollout]!.runs));
      }
    });

    test("every row that is left out is named with its reason", () => {
      const ids = own("search_r1").map(({ id }) => id);
      expect(Object.keys(changed).every((id) => ids.includes(id))).toBe(true);
    });
  });
});

/** The response cut by who wrote it: 1 = the policy (trained on), 0 = the environment. */
function maskRuns(trajectory: Trajectory): [string, number][] {
  return joined(
    trajectory.segments
      .filter(({ origin }) => origin !== "prompt")
      .map(({ start, end, origin }) => [restore(trajectory.text.slice(start, end)), origin === "policy" ? 1 : 0]),
  );
}

function joined(runs: [string, number][]): [string, number][] {
  const whole: [string, number][] = [];
  for (const [text, mask] of runs) {
    const last = whole.at(-1);
    if (last && last[1] === mask) last[0] += text;
    else if (text !== "") whole.push([text, mask]);
  }
  return whole;
}
