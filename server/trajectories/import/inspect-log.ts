import { z } from "zod";
import { carriedBy, carriedFields, carriedProfile } from "./carried.ts";
import { type ChatMessage, type MessagePart, chatTranscript } from "./chat-messages.ts";
import { type ImportContext, type ImportResult, importedRow, problem } from "./imported-trajectory.ts";
import { type JsonRecord, goldsOf, isRecord, parseRecord, recordedReward } from "./record-parts.ts";

const Content = z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]);

const Message = z.looseObject({
  role: z.enum(["system", "user", "assistant", "tool"]),
  content: Content,
  tool_calls: z.array(z.looseObject({ id: z.string(), function: z.string(), arguments: z.unknown() })).nullish(),
  tool_call_id: z.string().nullish(),
  error: z.looseObject({ message: z.string() }).nullish(),
});
type Message = z.infer<typeof Message>;

const Usage = z.looseObject({ input_tokens: z.int().min(0).nullish(), output_tokens: z.int().min(0).nullish() });

const Sample = z.looseObject({
  id: z.union([z.string(), z.int()]),
  epoch: z.int().min(0),
  input: z.union([z.string(), z.array(Message)]),
  target: z.union([z.string(), z.array(z.string())]),
  messages: z.array(Message).nullish(),
  output: z
    .looseObject({
      model: z.string().nullish(),
      choices: z.array(z.looseObject({ message: Message.optional(), stop_reason: z.string().nullish() })).nullish(),
    })
    .nullish(),
  scores: z.record(z.string(), z.looseObject({ value: z.unknown(), answer: z.string().nullish() })).nullish(),
  metadata: z.unknown().optional(),
  model_usage: z.record(z.string(), Usage).nullish(),
  total_time: z.number().min(0).nullish(),
  started_at: z.string().nullish(),
  limit: z.looseObject({ type: z.string() }).nullish(),
  error: z.looseObject({ message: z.string() }).nullish(),
  attachments: z.record(z.string(), z.string()).nullish(),
});
type Sample = z.infer<typeof Sample>;

const Log = z.looseObject({
  version: z.int(),
  eval: z.looseObject({ model: z.string().nullish(), task: z.string().nullish(), created: z.string().nullish() }),
  samples: z.array(z.unknown()),
});

/** What every sample keeps of its log, unless that is longer than this (UTF-16 units as JSON). */
const headerLimit = 65_536;

/**
 * A log of Inspect in its `.json` form: one object, `samples` with messages, output and scores
 * (inspect.aisi.org.uk/eval-logs; UKGovernmentBEIS/inspect_ai, `src/inspect_ai/log/_log.py`). A `.eval` file is a ZIP archive of
 * the same; `inspect log convert --to json` makes this form of it.
 */
export function isInspectLog(row: JsonRecord): boolean {
  return isRecord(row["eval"]) && ("samples" in row || "plan" in row) && "version" in row;
}

export function readInspectLog(data: JsonRecord, context: ImportContext): ImportResult[] {
  if (data["samples"] === undefined) return [problem("samples", "is missing: this log holds its header alone")];
  const parsed = parseRecord(Log, data);
  if (!parsed.ok) return [parsed];
  const { samples, eval: evaluation } = parsed.data;
  const { samples: _, ...header } = data;
  const kept = JSON.stringify(header).length <= headerLimit ? header : { version: data["version"], eval: data["eval"] };
  return samples.map((sample, index) => {
    const result = readSample(
      sample,
      evaluation,
      { ...context, fallbackId: `${context.fallbackId}-${index + 1}` },
      kept,
    );
    return result.ok ? result : { ...result, field: `samples.${index}.${result.field}` };
  });
}

function readSample(
  data: unknown,
  evaluation: z.infer<typeof Log>["eval"],
  context: ImportContext,
  header: JsonRecord,
): ImportResult {
  const parsed = parseRecord(Sample, data);
  if (!parsed.ok) return parsed;
  const sample = parsed.data;
  const carried = carriedBy(isRecord(sample.metadata) ? sample.metadata["searchlight"] : undefined);
  const messages = chatOf(sample).map((message) => chatMessage(message, sample.attachments ?? {}));
  const chat = chatTranscript(messages, {
    profile: carriedProfile(carried, context.profile),
    joined: carried?.joined ?? false,
  });
  const scores = Object.entries(sample.scores ?? {});
  const recorded = scores
    .map(([, score]) => score.answer)
    .find((answer) => typeof answer === "string" && answer !== "");
  const numbers = scores.flatMap(([name, { value }]) => scoreNumbers(name, value));
  const usage = Object.values(sample.model_usage ?? {});
  const total = (name: "input_tokens" | "output_tokens"): number =>
    usage.reduce((sum, each) => sum + (each[name] ?? 0), 0);
  return importedRow(
    {
      id: `${sample.id}-${sample.epoch}`,
      cut: chat.cut,
      profile: chat.profile,
      form: "chat",
      question: typeof sample.input === "string" ? sample.input : chat.question,
      golds: goldsOf(sample.target),
      model: sample.output?.model || evaluation.model || undefined,
      stop: sample.limit?.type ?? (sample.error ? "error" : (sample.output?.choices?.[0]?.stop_reason ?? undefined)),
      answer: chat.answer,
      recorded: carried?.answer?.text ?? recorded ?? undefined,
      reward: numbers.length === 0 ? undefined : recordedReward("inspect", numbers[0]![1], numbers),
      createdAt: sample.started_at ?? evaluation.created ?? undefined,
      usage: {
        ...(sample.total_time == null ? {} : { seconds: sample.total_time }),
        ...(usage.length === 0 ? {} : { policyTokens: total("output_tokens") }),
      },
      source: { format: "inspect", record: { ...header, samples: [data] } },
      override: carriedFields(carried, chat.cut.text),
      notices: sample.error ? [`The sample ended with an error: ${sample.error.message.slice(0, 300)}`] : [],
    },
    context,
  );
}

/** The conversation; logs of one call keep it as input and output alone. */
function chatOf(sample: Sample): Message[] {
  if (sample.messages && sample.messages.length > 0) return sample.messages;
  const input: Message[] = typeof sample.input === "string" ? [{ role: "user", content: sample.input }] : sample.input;
  const output = sample.output?.choices?.[0]?.message;
  return output ? [...input, output] : input;
}

function chatMessage(
  { role, content, tool_calls: calls, tool_call_id: id, error }: Message,
  attachments: Record<string, string>,
): ChatMessage {
  const whole = (text: string): string => {
    const name = /^attachment:\/\/(\w+)$/u.exec(text)?.[1];
    return name !== undefined && Object.hasOwn(attachments, name) ? attachments[name]! : text;
  };
  if (role === "tool") {
    const text = typeof content === "string" ? whole(content) : content.map(partText).map(whole).join("");
    return { role, parts: [{ type: "result", id: id ?? undefined, text, ...(error ? { error: error.message } : {}) }] };
  }
  const parts: MessagePart[] =
    typeof content === "string"
      ? [{ type: "text", text: whole(content) }]
      : content.map((part) => ({
          type: part.type === "reasoning" ? "reasoning" : "text",
          text: whole(partText(part)),
        }));
  for (const call of calls ?? [])
    parts.push({ type: "call", id: call.id, name: call.function, arguments: call.arguments });
  return { role, parts: parts.filter((part) => part.type === "call" || part.text !== "") };
}

/** Text of a content part; images, audio and data have none. */
function partText(part: JsonRecord): string {
  const text = part["type"] === "reasoning" ? part["reasoning"] : part["text"];
  return typeof text === "string" ? text : "";
}

/** Scores as numbers: Inspect's letters are correct, incorrect, partial and no answer; a dictionary has several. */
function scoreNumbers(name: string, value: unknown): [string, number][] {
  const letters: Readonly<Record<string, number>> = { C: 1, I: 0, P: 0.5, N: 0 };
  if (typeof value === "number" && Number.isFinite(value)) return [[name, value]];
  if (typeof value === "boolean") return [[name, value ? 1 : 0]];
  if (typeof value === "string" && Object.hasOwn(letters, value)) return [[name, letters[value]!]];
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([part, each]) => (isRecord(each) ? [] : scoreNumbers(`${name}.${part}`, each)));
}
