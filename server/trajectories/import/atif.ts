import { z } from "zod";
import type { Tokens } from "../../../protocol/trajectory.ts";
import { carriedBy, carriedFields, carriedProfile } from "./carried.ts";
import { type ChatMessage, type MessagePart, chatTranscript } from "./chat-messages.ts";
import { type ImportContext, type ImportResult, importedRow } from "./imported-trajectory.ts";
import { type JsonRecord, isRecord, parseRecord } from "./record-parts.ts";

const Content = z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().nullish() }))]);

const ids = z.array(z.int().min(0)).nullish();

const Step = z.looseObject({
  source: z.enum(["system", "user", "agent"]),
  message: Content.nullish(),
  reasoning_content: z.string().nullish(),
  model_name: z.string().nullish(),
  timestamp: z.string().nullish(),
  tool_calls: z
    .array(z.looseObject({ tool_call_id: z.string(), function_name: z.string(), arguments: z.unknown() }))
    .nullish(),
  observation: z
    .looseObject({
      results: z.array(z.looseObject({ source_call_id: z.string().nullish(), content: Content.nullish() })),
    })
    .nullish(),
  metrics: z
    .looseObject({
      prompt_tokens: z.int().min(0).nullish(),
      completion_tokens: z.int().min(0).nullish(),
      prompt_token_ids: ids,
      completion_token_ids: ids,
      logprobs: z.array(z.number()).nullish(),
    })
    .nullish(),
});
type Step = z.infer<typeof Step>;

const Record = z.looseObject({
  schema_version: z.string().regex(/^ATIF-v1\.\d+$/u, "is no version of ATIF 1"),
  session_id: z.string().nullish(),
  trajectory_id: z.string().nullish(),
  agent: z.looseObject({ name: z.string(), model_name: z.string().nullish() }),
  steps: z.array(Step),
  extra: z.unknown().optional(),
  subagent_trajectories: z.array(z.unknown()).nullish(),
});

/**
 * A trajectory in the Agent Trajectory Interchange Format, versions 1.0 to 1.8: steps of system, user and agent, tool calls with
 * their observations, and for each agent step token ids and log-probs where the harness kept them
 * (www.harborframework.com/docs/agents/trajectory-format; harbor-framework/harbor, `src/harbor/models/trajectories`).
 */
export function isAtif(row: JsonRecord): boolean {
  return typeof row["schema_version"] === "string" && row["schema_version"].startsWith("ATIF-");
}

export function readAtif(data: JsonRecord, context: ImportContext): ImportResult {
  const parsed = parseRecord(Record, data);
  if (!parsed.ok) return parsed;
  const {
    agent,
    steps,
    session_id: session,
    trajectory_id: own,
    extra,
    subagent_trajectories: subagents,
  } = parsed.data;
  const carried = carriedBy(isRecord(extra) ? extra["searchlight"] : undefined);
  const messages = steps.flatMap(stepMessages);
  const chat = chatTranscript(messages, {
    profile: carriedProfile(carried, context.profile),
    joined: carried?.joined ?? false,
  });
  const tokens = tokensOf(steps);
  const spent = (name: "prompt_tokens" | "completion_tokens"): number[] =>
    steps.flatMap(({ metrics }) => (metrics?.[name] == null ? [] : [metrics[name]]));
  const completion = spent("completion_tokens");
  const model = steps.find(({ model_name: name }) => name)?.model_name ?? agent.model_name ?? agent.name;
  const images = steps.some(({ message }) => Array.isArray(message) && message.some(({ type }) => type !== "text"));
  return importedRow(
    {
      id: own ?? session ?? undefined,
      cut: chat.cut,
      profile: chat.profile,
      form: "chat",
      question: chat.question,
      answer: chat.answer,
      recorded: carried?.answer?.text,
      model,
      tokens,
      createdAt: steps[0]?.timestamp ?? undefined,
      usage: {
        ...(spent("prompt_tokens")[0] === undefined ? {} : { promptTokens: spent("prompt_tokens")[0]! }),
        ...(completion.length > 0 ? { policyTokens: completion.reduce((sum, each) => sum + each, 0) } : {}),
      },
      source: { format: "atif", record: data },
      override: carriedFields(carried, chat.cut.text),
      notices: [
        ...(images ? ["Images and sound of the record are kept beside the trajectory and not shown."] : []),
        ...(subagents && subagents.length > 0
          ? [`The trajectories of ${subagents.length} subagents are kept beside this one and not shown.`]
          : []),
      ],
    },
    context,
  );
}

function stepMessages(step: Step): ChatMessage[] {
  const role = step.source === "agent" ? "assistant" : step.source;
  const parts: MessagePart[] = [];
  if (step.source === "agent" && step.reasoning_content)
    parts.push({ type: "reasoning", text: step.reasoning_content });
  const text = contentText(step.message);
  if (text !== "") parts.push({ type: "text", text });
  for (const call of step.tool_calls ?? []) {
    parts.push({ type: "call", id: call.tool_call_id, name: call.function_name, arguments: call.arguments });
  }
  const results = (step.observation?.results ?? []).map(({ source_call_id: id, content }): MessagePart => ({
    type: "result",
    id: id ?? undefined,
    text: contentText(content),
  }));
  return [{ role, parts }, ...(results.length > 0 ? [{ role: "tool" as const, parts: results }] : [])];
}

function contentText(content: z.infer<typeof Content> | null | undefined): string {
  if (content == null) return "";
  return typeof content === "string" ? content : content.map(({ text }) => text ?? "").join("");
}

/**
 * The ids of the whole rollout, where the steps tell them without a gap: each prompt begins with everything before it. Log-probs
 * are those of the completions; null marks tokens that the policy did not sample.
 */
function tokensOf(steps: readonly Step[]): Tokens | undefined {
  const all: number[] = [];
  const logprobs: (number | null)[] = [];
  for (const { source, metrics } of steps) {
    if (source !== "agent") continue;
    const { prompt_token_ids: prompt, completion_token_ids: completion, logprobs: given } = metrics ?? {};
    if (!prompt || !completion || !all.every((id, at) => prompt[at] === id)) return undefined;
    for (const id of prompt.slice(all.length)) {
      all.push(id);
      logprobs.push(null);
    }
    for (const [at, id] of completion.entries()) {
      all.push(id);
      logprobs.push(given?.length === completion.length ? given[at]! : null);
    }
  }
  if (all.length === 0) return undefined;
  const known = logprobs.some((value) => value !== null);
  return { tokenizer: "unknown", ids: all, ...(known ? { logprobs } : {}) };
}
