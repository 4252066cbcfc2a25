import { z } from "zod";
import { type ImportContext, type ImportResult, importedRow } from "./imported-trajectory.ts";
import {
  type JsonRecord,
  goldsOf,
  isRecord,
  parseRecord,
  questionInPrompt,
  recordedReward,
  unmapped,
} from "./record-parts.ts";
import { textPair } from "./text-pair.ts";

const Row = z.looseObject({
  input_prompt: z.string(),
  output_response: z.string(),
  score: z.union([z.number(), z.array(z.number())]).nullable(),
  stop_reason: z.string().nullish(),
  env_extras: z.unknown().optional(),
});

/**
 * A line of SkyRL's evaluation dumps: `{input_prompt, output_response, score, stop_reason, env_class, env_extras, data_source}`,
 * the score a number or one for each token (NovaSky-AI/SkyRL, `skyrl/train/utils/trainer_utils.py`,
 * `dump_per_dataset_eval_results`).
 */
export function isSkyrlDump(row: JsonRecord): boolean {
  return "input_prompt" in row && "output_response" in row;
}

export function readSkyrlDump(data: JsonRecord, context: ImportContext): ImportResult {
  const parsed = parseRecord(Row, data);
  if (!parsed.ok) return parsed;
  const { input_prompt: prompt, output_response: response, score, stop_reason: stop, env_extras: extras } = parsed.data;
  const total = Array.isArray(score) ? score.reduce((sum, each) => sum + each, 0) : score;
  const extra = unmapped(data, ["input_prompt", "output_response", "score", "stop_reason"]);
  const found = isRecord(extras) ? extras : {};
  const info = isRecord(found["extra_info"]) ? found["extra_info"] : {};
  const question = [found["question"], info["question"]].find((value) => typeof value === "string");
  return importedRow(
    {
      id: undefined,
      ...textPair(prompt, response, context.profile),
      question: (question as string | undefined) ?? questionInPrompt(prompt),
      golds: goldsOf(found["ground_truth"] ?? found["reward_spec"] ?? found["reward_model"]),
      stop: stop ?? undefined,
      reward: total === null ? undefined : recordedReward("skyrl", total, []),
      // A score of each token and the exact stop reason have no place of their own.
      source: { format: "skyrl", extra: { ...extra, score, stop_reason: stop ?? null } },
    },
    context,
  );
}
