import type { Trajectory } from "../../../protocol/trajectory.ts";
import { finishReason } from "../import/stop-reason.ts";
import { type ExportFormat, keptFields } from "./export-format.ts";
import { namedComponents } from "./prompt-and-response.ts";

/** Lines as tinker-cookbook's rollout summaries have them (see `import/tinker-rollouts.ts`): rewards and counts, no text. */
export const tinkerFormat: ExportFormat = {
  name: "tinker",
  about: "rollout summary of tinker-cookbook: rewards, metrics and token counts of each step, without text",
  shape: "lines",
  record(trajectory) {
    const kept = keptFields(trajectory, "tinker");
    const steps = Array.isArray(kept["steps"]) ? [] : stepsOf(trajectory);
    if (!steps) return { ok: false, reason: "it holds no token counts of its turns" };
    const total = trajectory.reward?.total ?? 0;
    const { step = 0, sample = 0, group } = trajectory.training ?? {};
    return {
      ok: true,
      record: {
        schema_version: 1,
        split: "train",
        iteration: step,
        group_idx: Number(/(\d{1,15})$/u.exec(group ?? "")?.[1] ?? 0),
        traj_idx: sample,
        tags: [trajectory.profile],
        sampling_client_step: null,
        total_reward: total,
        final_reward: total,
        trajectory_metrics: Object.fromEntries(namedComponents(trajectory)),
        steps: steps.map(({ before, own }, at) => ({
          step_idx: at,
          ob_len: before,
          ac_len: own,
          reward: 0,
          episode_done: at === steps.length - 1,
          stop_reason: at === steps.length - 1 ? finishReason(trajectory) : "stop",
          metrics: {},
          logs: {},
        })),
        final_ob_len: trajectory.tokens?.ids.length ?? 0,
        ...kept,
      },
    };
  },
};

/** For each turn the tokens before the policy writes and those that it writes; undefined where the ids do not tell. */
function stepsOf({ tokens, segments }: Trajectory): { before: number; own: number }[] | undefined {
  if (!tokens) return undefined;
  const steps: { before: number; own: number }[] = [];
  let at = 0;
  let before: number | undefined;
  for (const { origin, tokenStart, tokenEnd } of segments) {
    if (origin === "policy") {
      before ??= at;
      continue;
    }
    if (tokenStart === undefined || tokenEnd === undefined) return undefined;
    if (before !== undefined) steps.push({ before, own: Math.max(0, tokenStart - before) });
    before = undefined;
    at = tokenEnd;
  }
  if (before !== undefined) steps.push({ before, own: Math.max(0, tokens.ids.length - before) });
  return steps;
}
