import { z } from "zod";
import { type ImportContext, type ImportResult, importedRow } from "./imported-trajectory.ts";
import {
  type JsonRecord,
  goldsOf,
  isRecord,
  numbersOf,
  parseRecord,
  questionInPrompt,
  recordedReward,
  unmapped,
} from "./record-parts.ts";
import { textPair } from "./text-pair.ts";

const Row = z.looseObject({
  input: z.string(),
  output: z.string(),
  gts: z.unknown(),
  score: z.number().nullable(),
  step: z.int().min(0),
});

export const verlFields = ["input", "output", "gts", "score", "step"] as const;

/**
 * A line of verl's rollout dumps (`trainer.rollout_data_dir`, `trainer.validation_data_dir`), which Search-R1 inherits:
 * `{input, output, gts, score, step, …}`, where `…` is what the reward function returned beside the score
 * (verl-project/verl, `verl/trainer/ppo/ray_trainer.py`, `_dump_generations`). Special tokens are gone from both texts.
 */
export function isVerlDump(row: JsonRecord): boolean {
  return typeof row["input"] === "string" && "output" in row && "score" in row && "step" in row;
}

export function readVerlDump(data: JsonRecord, context: ImportContext): ImportResult {
  const parsed = parseRecord(Row, data);
  if (!parsed.ok) return parsed;
  const { input, output, gts, score, step } = parsed.data;
  const extra = unmapped(data, verlFields);
  const pair = textPair(input, output, context.profile);
  const id = extra && ["uid", "request_id", "id"].map((name) => extra[name]).find((value) => typeof value === "string");
  return importedRow(
    {
      id: typeof id === "string" && id !== "" ? id : undefined,
      ...pair,
      question: questionInPrompt(input),
      golds: goldsOf(isRecord(gts) || Array.isArray(gts) ? gts : (gts ?? undefined)),
      reward: score === null ? undefined : recordedReward("verl", score, numbersOf(extra ?? {})),
      training: { step },
      source: { format: "verl", extra: { ...extra, gts } },
    },
    context,
  );
}
