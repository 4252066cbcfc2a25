import { z } from "zod";
import type { Reward } from "../../../protocol/reward.ts";
import { type ImportContext, type ImportResult, importedRow } from "./imported-trajectory.ts";
import { type JsonRecord, goldsOf, numbersOf, parseRecord, questionInPrompt, unmapped } from "./record-parts.ts";
import { textPair } from "./text-pair.ts";

const Row = z.looseObject({
  step: z.int().min(0),
  prompt: z.string(),
  completion: z.string(),
  advantage: z.number().nullish(),
});

/** Columns of the training data that the table may hold too, and that gold answers go by. */
export const goldColumns = ["ground_truth", "solution", "answer", "golden_answers"] as const;

/**
 * A row of TRL's completion tables (`log_completions`, `completions_00001.parquet`): `step`, `prompt`, `completion`, a column
 * for each reward function, further columns that the trainer was asked to log, and `advantage`
 * (huggingface/trl, `trl/trainer/grpo_trainer.py`, where the table of `self._logs` is written).
 */
export function isTrlCompletion(row: JsonRecord): boolean {
  return typeof row["prompt"] === "string" && "completion" in row && "step" in row;
}

export function readTrlCompletion(data: JsonRecord, context: ImportContext): ImportResult {
  const parsed = parseRecord(Row, data);
  if (!parsed.ok) return parsed;
  const { step, prompt, completion, advantage } = parsed.data;
  const extra = unmapped(data, ["step", "prompt", "completion", "advantage"]) ?? {};
  const reward = rewardOf(extra);
  const pair = textPair(prompt, completion, context.profile);
  const golds = goldColumns.map((name) => extra[name]).find((each) => each != null);
  return importedRow(
    {
      id: undefined,
      ...pair,
      notices: reward?.notice ? [...pair.notices, reward.notice] : pair.notices,
      question: questionInPrompt(prompt),
      golds: goldsOf(golds),
      reward: reward?.reward,
      training: { step, ...(advantage == null ? {} : { advantage }) },
      source: { format: "trl", extra },
    },
    context,
  );
}

/** The table does not tell reward columns from others: those that are called so, else every column of numbers. */
function rewardOf(extra: JsonRecord): { reward: Reward; notice: string } | undefined {
  const numbers = numbersOf(extra);
  const named = numbers.filter(([name]) => /reward/iu.test(name));
  const columns = named.length > 0 ? named : numbers;
  if (columns.length === 0) return undefined;
  const components = columns.map(([name, value]) => ({ name, value, weight: 1, violations: [] }));
  const total = columns.reduce((sum, [, value]) => sum + value, 0);
  const notice = `The reward is the sum of ${columns.length === 1 ? "the column" : "the columns"} ${columns.map(([name]) => name).join(", ")}; the table does not hold the weights.`;
  return { reward: { profile: "recorded:trl", total, components }, notice };
}
