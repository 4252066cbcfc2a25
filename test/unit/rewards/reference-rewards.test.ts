import { describe, expect, it } from "vitest";
import { rewardProfile } from "../../../server/rewards/profiles.ts";
import { scoreTrajectory } from "../../../server/rewards/score-trajectory.ts";
import { searchR1 } from "../../../server/rollout/profiles/search-r1.ts";
import { r1Searcher } from "../../../server/rollout/profiles/r1-searcher.ts";
import { importText } from "../../../server/trajectories/import-text.ts";
import { hasReference, referenceRows } from "../../fixtures/golden.ts";

const trajectoryFile = "data/trajectories-r1-searcher/trajectories.jsonl";

interface RewardRow {
  id: string;
  gold: string;
  completion?: string;
  qwen: number;
  llama_stage1: [number, number];
  llama_stage2: number;
}

interface SearchR1Row {
  id: string;
  question: string;
  golds: string[];
  prompt_prefix: string;
  completion: string;
  em: number;
  em_format: number;
  em_format_retrieval: number;
  valid: boolean;
}

describe.skipIf(!hasReference("golden/rewards.jsonl") || !hasReference(trajectoryFile))(
  "R1-Searcher's released reward servers",
  () => {
    it("give the same reward for every rollout, to the last bit", () => {
      const texts = new Map(
        referenceRows<{ id: string; text: string }>(trajectoryFile).map(({ id, text }) => [id, text]),
      );
      const rows = referenceRows<RewardRow>("golden/rewards.jsonl");
      expect(rows.length).toBeGreaterThan(1000);
      for (const row of rows) {
        const rollout = importText(row.completion ?? texts.get(row.id.slice(0, row.id.indexOf("#")))!, r1Searcher);
        const total = (name: string): number => scoreTrajectory(rollout, rewardProfile(name)!, [row.gold]).total;
        expect([
          row.id,
          total("released-qwen"),
          total("released-llama-stage1"),
          total("released-llama-stage2"),
        ]).toEqual([row.id, row.qwen, row.llama_stage1[0], row.llama_stage2]);
      }
    });

    it("look at the text behind the prompt, wherever the record keeps it", () => {
      const prompt = "User:Assistant <answer> a </answer>\nAssistant: <think>";
      for (const row of referenceRows<RewardRow>("golden/rewards.jsonl")
        .filter(({ completion }) => completion)
        .slice(0, 100)) {
        const whole = { text: prompt + row.completion, segments: [] };
        expect([row.id, scoreTrajectory(whole, rewardProfile("released-qwen")!, [row.gold]).total]).toEqual([
          row.id,
          row.qwen,
        ]);
      }
    });
  },
);

describe.skipIf(!hasReference("golden/search-r1-rewards.jsonl"))("Search-R1's reward functions", () => {
  it("give the same reward and the same verdict on the form for every transcript", () => {
    const rows = referenceRows<SearchR1Row>("golden/search-r1-rewards.jsonl");
    expect(rows.length).toBeGreaterThan(200);
    for (const row of rows) {
      const text = `${row.prompt_prefix}${row.question}<|im_end|>\n<|im_start|>assistant\n${row.completion}`;
      const rollout = importText(text, searchR1);
      const score = (name: string) => scoreTrajectory(rollout, rewardProfile(name)!, row.golds);
      const graded = score("search-r1-v0.3");
      const valid = graded.components.every(({ name, violations }) => name !== "format" || violations.length === 0);
      expect([
        row.id,
        score("search-r1-v0.2").total,
        graded.total,
        score("search-r1-v0.3-retrieval").total,
        valid,
      ]).toEqual([row.id, row.em, row.em_format, row.em_format_retrieval, row.valid]);
    }
  });
});
