import type { Trajectory } from "../../../protocol/trajectory.ts";
import { goldColumns } from "../import/trl-completions.ts";
import { type ExportFormat, keptFields } from "./export-format.ts";
import { promptAndResponse } from "./prompt-and-response.ts";

const own = ["step", "prompt", "completion", "advantage"];

/**
 * Rows as TRL's completion tables have them (see `import/trl-completions.ts`). The table has no weights, so each reward column
 * holds value × weight, and their sum is the reward.
 */
export const trlFormat: ExportFormat = {
  name: "trl",
  about: "completion table of TRL (parquet): step, prompt, completion, a column for each reward, advantage",
  shape: "table",
  record(trajectory) {
    const { prompt, response } = promptAndResponse(trajectory);
    const kept = keptColumns(trajectory);
    return {
      ok: true,
      record: {
        step: trajectory.training?.step ?? 0,
        prompt,
        completion: response,
        ...rewardColumns(trajectory, kept),
        ...(trajectory.golds && !goldColumns.some((name) => Object.hasOwn(kept, name))
          ? { ground_truth: trajectory.golds }
          : {}),
        ...kept,
        advantage: trajectory.training?.advantage ?? null,
      },
    };
  },
};

/** What the table had beside; without its rewards where another reward was given since. */
function keptColumns(trajectory: Trajectory): Record<string, unknown> {
  const kept = keptFields(trajectory, "trl");
  if (trajectory.reward?.profile === "recorded:trl") return kept;
  const old = (value: unknown, name: string): boolean => typeof value === "number" && /reward/iu.test(name);
  return Object.fromEntries(Object.entries(kept).filter(([name, value]) => !old(value, name)));
}

function rewardColumns({ reward }: Trajectory, kept: Record<string, unknown>): Record<string, number> {
  const paid = (reward?.components ?? []).filter(({ weight }) => weight !== 0);
  const columns = new Map<string, number>();
  for (const { name, value, weight } of paid) {
    // A column is known for a reward by its name, unless all are as the table that was read had them.
    const column = reward?.profile === "recorded:trl" || /reward/iu.test(name) ? name : `${name}_reward`;
    if (own.includes(column) || Object.hasOwn(kept, column)) continue;
    columns.set(column, (columns.get(column) ?? 0) + value * weight);
  }
  return Object.fromEntries(columns);
}
