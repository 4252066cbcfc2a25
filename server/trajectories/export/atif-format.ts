import type { Trajectory } from "../../../protocol/trajectory.ts";
import { carry } from "../import/carried.ts";
import type { ExportFormat } from "./export-format.ts";
import { type PolicyTurn, spokenTurns } from "./spoken-turns.ts";
import { unchangedRecord } from "./unchanged-record.ts";

type Json = Record<string, unknown>;

/**
 * A trajectory in the Agent Trajectory Interchange Format, a line each (see `import/atif.ts`). Version 1.4 is the first that has
 * all fields which are written. Facts it has no place for are in `extra.searchlight`.
 */
export const atifFormat: ExportFormat = {
  name: "atif",
  about: "Agent Trajectory Interchange Format 1.4: steps, tool calls, observations, token ids and log-probs",
  shape: "lines",
  record(trajectory) {
    const unchanged = unchangedRecord(trajectory, "atif");
    if (unchanged) return { ok: true, record: unchanged };
    const { joined, prompt, turns } = spokenTurns(trajectory);
    const steps: Json[] = [];
    const add = (step: Json): void => void steps.push({ step_id: steps.length + 1, ...step });
    if (prompt !== "") add({ source: "user", message: prompt });
    for (const turn of turns) for (const step of turnSteps(turn, trajectory)) add(step);
    const { promptTokens, policyTokens } = trajectory.usage;
    return {
      ok: true,
      record: {
        schema_version: "ATIF-v1.4",
        session_id: trajectory.id,
        agent: { name: "searchlight", version: "1", model_name: trajectory.policy.label },
        steps: steps.map((step, at) => (at === 0 ? { ...step, timestamp: trajectory.createdAt } : step)),
        final_metrics: {
          ...(promptTokens === undefined ? {} : { total_prompt_tokens: promptTokens }),
          ...(policyTokens === undefined ? {} : { total_completion_tokens: policyTokens }),
          total_steps: steps.length,
        },
        extra: { searchlight: carry(trajectory, joined) },
      },
    };
  },
};

/** The agent's step with the observations of its calls; what else the environment said follows as steps of the user. */
function turnSteps(turn: PolicyTurn, trajectory: Trajectory): Json[] {
  const asides = turn.answers.findIndex(({ call }) => call === undefined);
  const observed = asides < 0 ? turn.answers : turn.answers.slice(0, asides);
  const calls = turn.calls.map(({ id, name, arguments: given }) => ({
    tool_call_id: id,
    function_name: name,
    arguments: given,
  }));
  const reasoning = turn.parts.filter(({ type }) => type === "reasoning").map(({ text }) => text);
  const metrics = metricsOf(turn, trajectory);
  const step: Json = {
    source: "agent",
    message: turn.parts.flatMap(({ type, text }) => (type === "text" ? [text] : [])).join(""),
    ...(reasoning.length > 0 ? { reasoning_content: reasoning.join("") } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
    ...(observed.length > 0
      ? { observation: { results: observed.map(({ text, call }) => ({ source_call_id: call, content: text })) } }
      : {}),
    ...(metrics ? { metrics } : {}),
  };
  return [step, ...turn.answers.slice(observed.length).map(({ text }) => ({ source: "user", message: text }))];
}

function metricsOf({ tokens: range }: PolicyTurn, { tokens }: Trajectory): Json | undefined {
  if (!range || !tokens) return undefined;
  const completion = tokens.ids.slice(range.start, range.end);
  const logprobs = tokens.logprobs?.slice(range.start, range.end);
  return {
    prompt_tokens: range.start,
    completion_tokens: completion.length,
    prompt_token_ids: tokens.ids.slice(0, range.start),
    completion_token_ids: completion,
    ...(logprobs?.every((value) => value !== null) ? { logprobs } : {}),
  };
}
