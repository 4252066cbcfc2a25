import { createHash } from "node:crypto";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import { carry } from "../import/carried.ts";
import { isRecord } from "../import/record-parts.ts";
import { finishReason } from "../import/stop-reason.ts";
import type { ExportFormat } from "./export-format.ts";
import { spokenTurns } from "./spoken-turns.ts";
import { unchangedRecord } from "./unchanged-record.ts";

type Json = Record<string, unknown>;

/**
 * Samples of an Inspect log (see `import/inspect-log.ts`). The reward is a score with a value for each component; facts that a
 * sample has no place for are in `metadata.searchlight`.
 */
export const inspectFormat: ExportFormat = {
  name: "inspect",
  about: "evaluation log of Inspect (.json): samples with messages, output and scores",
  shape: "log",
  record(trajectory) {
    const unchanged = unchangedRecord(trajectory, "inspect");
    const [sample] = Array.isArray(unchanged?.["samples"]) ? (unchanged["samples"] as unknown[]) : [];
    return { ok: true, record: isRecord(sample) ? sample : sampleOf(trajectory) };
  },
};

/** The log around the samples: that of the first sample's own log, else one that names Searchlight. */
export function inspectHeader(first: Trajectory): Json {
  const { source } = first;
  if (source?.format === "inspect" && isRecord(source.record)) {
    const { samples: _, ...header } = source.record;
    if (isRecord(header["eval"]) && typeof header["version"] === "number") return header;
  }
  const id = createHash("sha256").update(first.id).digest("base64url").slice(0, 22);
  return {
    version: 2,
    status: "success",
    eval: {
      eval_id: id,
      run_id: id,
      created: first.createdAt,
      task: "searchlight",
      task_id: id,
      task_version: 0,
      dataset: { name: "searchlight" },
      model: first.policy.id,
      config: {},
    },
    plan: { name: "plan", steps: [], config: {} },
    stats: { started_at: first.createdAt, completed_at: first.createdAt, model_usage: {} },
  };
}

function sampleOf(trajectory: Trajectory): Json {
  const { joined, prompt, turns } = spokenTurns(trajectory);
  const messages: Json[] = prompt === "" ? [] : [{ role: "user", content: prompt }];
  for (const { parts, calls, answers } of turns) {
    const [only] = parts;
    messages.push({
      role: "assistant",
      content:
        parts.length === 1 && only!.type === "text"
          ? only!.text
          : parts.map(({ type, text }) => (type === "reasoning" ? { type, reasoning: text } : { type, text })),
      ...(calls.length > 0
        ? {
            tool_calls: calls.map(({ id, name, arguments: given }) => ({
              id,
              function: name,
              arguments: given,
              type: "function",
            })),
          }
        : {}),
    });
    for (const { text, call, search } of answers) {
      if (call === undefined) messages.push({ role: "user", content: text });
      else {
        const name = calls.find(({ id }) => id === call)?.name ?? "search";
        const failed = search?.error === undefined ? {} : { error: { type: "unknown", message: search.error } };
        messages.push({ role: "tool", content: text, tool_call_id: call, function: name, ...failed });
      }
    }
  }
  const last = messages.findLast(({ role }) => role === "assistant");
  const model = trajectory.policy.label;
  return {
    id: trajectory.id,
    epoch: 1,
    input: trajectory.question,
    target: trajectory.golds ?? [],
    messages,
    output: { model, choices: last ? [{ message: last, stop_reason: finishReason(trajectory) }] : [] },
    ...(trajectory.reward ? { scores: { reward: score(trajectory) } } : {}),
    metadata: { searchlight: carry(trajectory, joined) },
    started_at: trajectory.createdAt,
    total_time: trajectory.usage.seconds,
    model_usage:
      trajectory.usage.policyTokens === undefined
        ? {}
        : {
            [model]: {
              input_tokens: trajectory.usage.promptTokens ?? 0,
              output_tokens: trajectory.usage.policyTokens,
              total_tokens: (trajectory.usage.promptTokens ?? 0) + trajectory.usage.policyTokens,
            },
          },
  };
}

function score({ reward, answer }: Trajectory): Json {
  const parts = Object.fromEntries(reward!.components.map(({ name, value }) => [name, value]));
  return { value: { total: reward!.total, ...parts }, ...(answer ? { answer: answer.text } : {}) };
}
