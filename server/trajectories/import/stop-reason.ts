import type { StopReason, Trajectory } from "../../../protocol/trajectory.ts";

/**
 * Stop reasons of R1-Searcher's evaluation, outcomes of ReAct logs, finish reasons of model servers (OpenAI, vLLM, Inspect,
 * OpenTelemetry's `gen_ai.response.finish_reasons`) and limits of Inspect samples.
 */
const known: Readonly<Record<string, StopReason>> = {
  finished: "finished",
  many_retrieve: "search-limit",
  query_inst_error: "empty-query",
  shot_down: "no-answer",
  retrieve_error: "retrieval-error",
  correct: "finished",
  incorrect: "finished",
  halted: "turn-limit",
  stop: "finished",
  eos: "finished",
  end_turn: "finished",
  complete: "finished",
  length: "token-limit",
  max_tokens: "token-limit",
  model_length: "token-limit",
  token: "token-limit",
  message: "turn-limit",
  turn: "turn-limit",
  time: "time-limit",
  working: "time-limit",
  error: "policy-error",
};

/** How a record says that its rollout ended; where it says nothing, an answer is an end and no answer is none. */
export function stopOf(written: string | undefined, answer: string | undefined): NonNullable<Trajectory["stop"]> {
  const reason = written === undefined || !Object.hasOwn(known, written) ? undefined : known[written];
  return {
    reason: reason ?? (answer === undefined ? "no-answer" : "finished"),
    ...(written ? { detail: `The record says: ${written.slice(0, 200)}.` } : {}),
  };
}

/** The finish reason of a model server that comes nearest. */
export function finishReason(trajectory: Trajectory): string {
  const reason = trajectory.stop?.reason;
  if (reason === "token-limit" || reason === "segment-limit") return "length";
  return reason === undefined || reason === "finished" || reason === "no-answer" ? "stop" : reason;
}
