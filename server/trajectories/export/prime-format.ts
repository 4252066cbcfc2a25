import type { Tokens, Trajectory } from "../../../protocol/trajectory.ts";
import { primeColumns } from "../import/prime-tokens.ts";
import { type ExportFormat, keptFields } from "./export-format.ts";

/** Lines as prime-rl's token export has them (see `import/prime-tokens.ts`): ids, mask and what is known of each token. */
export const primeFormat: ExportFormat = {
  name: "prime-rl",
  about: "token export of prime-rl: ids, loss mask, log-probs and the trainer's values of each token",
  shape: "lines",
  record(trajectory) {
    const { tokens } = trajectory;
    if (!tokens) return { ok: false, reason: "it holds no token ids" };
    const mask = lossMask(trajectory, tokens);
    if (!mask) return { ok: false, reason: "its segments do not say whose each token is" };
    const length = tokens.ids.length;
    const step = trajectory.training?.step ?? 0;
    const nothing = Array.from({ length }, () => null);
    const columns = Object.entries(primeColumns).map(([column, field]) => [column, tokens[field] ?? nothing] as const);
    const { advantage } = trajectory.training ?? {};
    const total = trajectory.reward?.total;
    return {
      ok: true,
      record: {
        schema_version: 1,
        step,
        export_step: step,
        rank: 0,
        micro_step: 0,
        micro_sequence_idx: 0,
        export_sequence_idx: trajectory.training?.sample ?? 0,
        run_id: null,
        env_name: trajectory.profile,
        token_ids: tokens.ids,
        position_ids: tokens.ids.map((_, at) => at),
        loss_mask: mask,
        ...Object.fromEntries(columns),
        ...(tokens.advantages || advantage === undefined
          ? {}
          : { advantages: mask.map((trained) => (trained ? advantage : null)) }),
        rewards: total === undefined ? nothing : mask.map(() => total),
        ...keptFields(trajectory, "prime-rl"),
      },
    };
  },
};

/**
 * Whether each token is trained on. Prompt and environment segments have token ranges wherever ids are kept; what lies between
 * them is the policy's. Undefined where a segment that is not the policy's has no range.
 */
function lossMask({ segments }: Trajectory, { ids }: Tokens): boolean[] | undefined {
  const mask = ids.map(() => true);
  for (const { origin, tokenStart, tokenEnd } of segments) {
    if (origin === "policy") continue;
    if (tokenStart === undefined || tokenEnd === undefined || tokenEnd > ids.length) return undefined;
    mask.fill(false, tokenStart, tokenEnd);
  }
  return segments.length === 0 ? undefined : mask;
}
