import { z } from "zod";
import { type ImportContext, type ImportResult, importedRow } from "./imported-trajectory.ts";
import { type JsonRecord, numbersOf, parseRecord, recordedReward, unmapped } from "./record-parts.ts";

const count = z.int().min(0);

const Row = z.looseObject({
  schema_version: z.literal(1),
  split: z.string(),
  iteration: count,
  group_idx: count,
  traj_idx: count,
  total_reward: z.number(),
  final_reward: z.number(),
  trajectory_metrics: z.record(z.string(), z.unknown()),
  steps: z.array(
    z.looseObject({ ob_len: count, ac_len: count, reward: z.number(), stop_reason: z.string().nullish() }),
  ),
  final_ob_len: count,
});

/** Fields that the trajectory holds; steps and metrics stay beside it, since it has no place for them. */
export const tinkerMapped = ["iteration", "group_idx", "traj_idx", "total_reward"] as const;

/**
 * A line of tinker-cookbook's rollout summaries (`train_rollout_summaries.jsonl`), schema version 1: rewards, metrics and the
 * number of tokens of each step, without text and ids
 * (thinking-machines-lab/tinker-cookbook, `tinker_cookbook/rl/rollout_logging.py`, `serialize_rollout_summaries`).
 */
export function isTinkerRollout(row: JsonRecord): boolean {
  return "traj_idx" in row && "group_idx" in row && "total_reward" in row;
}

export function readTinkerRollout(data: JsonRecord, context: ImportContext): ImportResult {
  const parsed = parseRecord(Row, data);
  if (!parsed.ok) return parsed;
  const row = parsed.data;
  const policyTokens = row.steps.reduce((sum, { ac_len: length }) => sum + length, 0);
  const promptTokens = row.steps[0]?.ob_len ?? row.final_ob_len;
  const parts = [
    ["final_reward", row.final_reward] as const,
    ["step_rewards", row.steps.reduce((sum, { reward }) => sum + reward, 0)] as const,
    ...numbersOf(row.trajectory_metrics),
  ];
  return importedRow(
    {
      id: `${row.split}-${row.iteration}-${row.group_idx}-${row.traj_idx}`,
      cut: { text: "", segments: [], searches: [] },
      profile: undefined,
      form: "rollout-summary",
      stop: row.steps.at(-1)?.stop_reason ?? undefined,
      reward: recordedReward("tinker", row.total_reward, parts),
      training: { step: row.iteration, group: `${row.split}-${row.iteration}-${row.group_idx}`, sample: row.traj_idx },
      usage: {
        turns: row.steps.length,
        promptTokens,
        policyTokens,
        environmentTokens: Math.max(0, row.final_ob_len - promptTokens - policyTokens),
      },
      source: { format: "tinker", extra: unmapped(data, tinkerMapped) ?? {} },
      notices: ["The record is a summary: it holds no text and no token ids, so there is nothing to read or to mask."],
    },
    context,
  );
}
