import { z } from "zod";
import type { Tokens } from "../../../protocol/trajectory.ts";
import { policyForm } from "./form.ts";
import { type ImportContext, type ImportResult, importedRow, problem } from "./imported-trajectory.ts";
import { type JsonRecord, parseRecord, questionInPrompt, recordedReward, unmapped } from "./record-parts.ts";
import { type Stretch, transcript } from "./transcript.ts";

const values = z.array(z.number().nullable());

const Row = z.looseObject({
  schema_version: z.literal(1),
  step: z.int().min(0),
  export_step: z.int().min(0).nullish(),
  token_ids: z.array(z.int().min(0)),
  loss_mask: z.array(z.boolean()),
  inference_logprobs: values.optional(),
  trainer_logprobs: values.optional(),
  advantages: values.optional(),
  rewards: values.optional(),
  entropy: values.optional(),
  mismatch_kl: values.optional(),
  importance_ratio: values.optional(),
});

/** Columns of numbers, one for each token, that the trajectory has a place for. */
export const primeColumns = {
  inference_logprobs: "logprobs",
  trainer_logprobs: "trainerLogprobs",
  advantages: "advantages",
  entropy: "entropies",
  mismatch_kl: "kl",
  importance_ratio: "ratios",
} as const satisfies Record<string, keyof Tokens>;

/**
 * A line of prime-rl's token export (`enable_token_export`, `token_exports/step_N/rank_R.jsonl`), schema version 1: one sequence
 * with its columns of equal length, loss mask included, and no text
 * (PrimeIntellect-ai/prime-rl, `src/prime_rl/trainer/rl/token_export.py`).
 */
export function isPrimeTokens(row: JsonRecord): boolean {
  return "token_ids" in row && "loss_mask" in row;
}

export function readPrimeTokens(data: JsonRecord, context: ImportContext): ImportResult {
  const parsed = parseRecord(Row, data);
  if (!parsed.ok) return parsed;
  const row = parsed.data;
  const ids = row.token_ids;
  for (const [name, column] of Object.entries(data)) {
    if (Array.isArray(column) && column.length !== ids.length)
      return problem(name, `has ${column.length} values where the sequence has ${ids.length} tokens`);
  }
  const { tokenizer } = context;
  const stretches = maskRuns(row.loss_mask).map(({ origin, start, end }): Stretch => ({
    origin,
    text: tokenizer ? tokenizer.decode(ids.slice(start, end)) : "",
    tokens: { start, end },
  }));
  const own = stretches.flatMap(({ origin, text }) => (origin === "policy" ? [text] : []));
  const profile = tokenizer ? (context.profile ?? policyForm(own.join(""))) : undefined;
  const decode = tokenizer && { ids, text: (some: readonly number[]) => tokenizer.decode(some) };
  const columns = Object.entries(primeColumns).flatMap(([column, field]) => {
    const given = row[column as keyof typeof primeColumns];
    // What the export fills in for a column that it does not have says nothing.
    return given?.some((value) => value !== null) ? [[field, given] as const] : [];
  });
  const tokens: Tokens = { tokenizer: tokenizer?.id ?? "unknown", ids, ...Object.fromEntries(columns) };
  if (tokens.logprobs) tokens.logprobs = tokens.logprobs.map((value, at) => (row.loss_mask[at] ? value : null));
  const reward = lastNumber(row.rewards, row.loss_mask);
  const env = typeof data["env_name"] === "string" ? data["env_name"] : undefined;
  return importedRow(
    {
      id: undefined,
      cut: transcript(stretches, { profile, joined: true, ...(decode ? { decode } : {}) }),
      profile,
      form: env ?? "token-ids",
      question: stretches[0]?.origin === "prompt" ? questionInPrompt(stretches[0].text) : undefined,
      tokens,
      reward: reward === undefined ? undefined : recordedReward("prime-rl", reward, []),
      training: { step: row.export_step ?? row.step, ...advantageOf(row.advantages, row.loss_mask) },
      usage: tokenCounts(row.loss_mask),
      source: { format: "prime-rl", extra: unmapped(data, Object.keys(primeMapped(columns))) ?? {} },
      notices: tokenizer
        ? []
        : ["The record holds token ids and no text; name the tokenizer (--tokenizer) to read it."],
    },
    context,
  );
}

/** What is written back from the trajectory itself, and so not kept beside it. */
function primeMapped(columns: readonly (readonly [string, unknown])[]): Record<string, true> {
  const held = new Set(columns.map(([field]) => field));
  const back = Object.entries(primeColumns).filter(
    ([column, field]) => held.has(field) && column !== "inference_logprobs",
  );
  return Object.fromEntries([
    ...back.map(([column]) => [column, true] as const),
    ["token_ids", true],
    ["loss_mask", true],
  ]);
}

/** Runs of the mask. What comes before the first trained token is the prompt; untrained tokens after it are the environment's. */
function maskRuns(
  mask: readonly boolean[],
): { origin: "prompt" | "policy" | "environment"; start: number; end: number }[] {
  const runs: ReturnType<typeof maskRuns> = [];
  for (const [at, trained] of mask.entries()) {
    const last = runs.at(-1);
    const origin = trained ? "policy" : !last || last.origin === "prompt" ? "prompt" : "environment";
    if (last?.origin === origin) last.end = at + 1;
    else runs.push({ origin, start: at, end: at + 1 });
  }
  return runs;
}

function tokenCounts(mask: readonly boolean[]): {
  promptTokens: number;
  policyTokens: number;
  environmentTokens: number;
} {
  const first = mask.indexOf(true);
  const promptTokens = first < 0 ? mask.length : first;
  const policyTokens = mask.filter(Boolean).length;
  return { promptTokens, policyTokens, environmentTokens: mask.length - promptTokens - policyTokens };
}

function lastNumber(column: readonly (number | null)[] | undefined, mask: readonly boolean[]): number | undefined {
  return column?.findLast((value, at): value is number => value !== null && mask[at] === true) ?? undefined;
}

/** The advantage of the sequence, where all of its trained tokens have the same. */
function advantageOf(column: readonly (number | null)[] | undefined, mask: readonly boolean[]): { advantage?: number } {
  const held = new Set(column?.filter((value, at): value is number => value !== null && mask[at] === true));
  const [advantage] = held;
  return held.size === 1 && advantage !== undefined ? { advantage } : {};
}
