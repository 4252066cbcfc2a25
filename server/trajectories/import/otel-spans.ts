import { z } from "zod";
import type { Hit } from "../../../protocol/passage.ts";
import { carriedBy, carriedFields, carriedProfile } from "./carried.ts";
import { type ChatMessage, type MessagePart, chatTranscript } from "./chat-messages.ts";
import { type ImportContext, type ImportResult, importedRow, problem } from "./imported-trajectory.ts";
import { type JsonRecord, deeperThan, isRecord, parseRecord } from "./record-parts.ts";

const Attribute = z.looseObject({ key: z.string(), value: z.unknown() });

const Span = z.looseObject({
  traceId: z.string(),
  spanId: z.string(),
  name: z.string(),
  startTimeUnixNano: z.union([z.string(), z.number()]).optional(),
  endTimeUnixNano: z.union([z.string(), z.number()]).optional(),
  attributes: z.array(Attribute).optional(),
});

const Request = z.looseObject({
  resourceSpans: z.array(
    z.looseObject({ scopeSpans: z.array(z.looseObject({ spans: z.array(z.unknown()).optional() })).optional() }),
  ),
});

/** A span with its attributes as plain values, and where it stood. */
interface FlatSpan {
  traceId: string;
  operation: string;
  start: number;
  end: number;
  attributes: Map<string, unknown>;
  resource: JsonRecord;
  scope: JsonRecord;
  raw: unknown;
}

/** The most UTF-16 units of spans that are held at once: a trace may be spread over a whole file. */
const heldLimit = 256 * 1024 * 1024;

/**
 * OpenTelemetry spans of generative AI in OTLP's JSON form, an object or a line for each export request
 * (opentelemetry.io/docs/specs/otel/protocol/file-exporter; open-telemetry/semantic-conventions-genai, `docs/gen-ai`:
 * `gen_ai.operation.name`, `gen_ai.input.messages`, `gen_ai.output.messages`, `gen_ai.retrieval.documents`). Messages are there
 * only where the program was told to capture them. The conventions are in development.
 */
export function isOtlp(row: JsonRecord): boolean {
  return Array.isArray(row["resourceSpans"]);
}

/** Gathers the spans of a file by trace; each trace is a trajectory. */
export class SpanCollector {
  readonly #traces = new Map<string, FlatSpan[]>();
  #held = 0;

  /** Takes the spans of one request; what is wrong with it or with single spans is returned. */
  add(data: JsonRecord): ImportResult[] {
    const parsed = parseRecord(Request, data);
    if (!parsed.ok) return [parsed];
    const bad: ImportResult[] = [];
    for (const [index, resource] of parsed.data.resourceSpans.entries()) {
      for (const scope of resource.scopeSpans ?? []) {
        for (const raw of scope.spans ?? []) {
          const span = parseRecord(Span, raw);
          if (!span.ok) {
            bad.push({ ...span, field: `resourceSpans.${index}: span.${span.field}` });
            continue;
          }
          this.#held += JSON.stringify(raw).length;
          if (this.#held > heldLimit)
            return [...bad, problem("resourceSpans", "is more than can be held; split the file by trace")];
          const { scopeSpans: _, ...resourceOnly } = resource;
          const { spans: __, ...scopeOnly } = scope;
          const flat = flatSpan(span.data, raw, resourceOnly, scopeOnly);
          const trace = this.#traces.get(flat.traceId);
          if (trace) trace.push(flat);
          else this.#traces.set(flat.traceId, [flat]);
        }
      }
    }
    return bad;
  }

  /** One trajectory for each trace with spans of generative AI, in the order of their first span. */
  results(context: ImportContext): ImportResult[] {
    return [...this.#traces].flatMap(([traceId, spans]) =>
      spans.some(({ operation }) => operation !== "") ? [readTrace(traceId, spans, context)] : [],
    );
  }
}

function flatSpan(span: z.infer<typeof Span>, raw: unknown, resource: JsonRecord, scope: JsonRecord): FlatSpan {
  const attributes = new Map((span.attributes ?? []).map(({ key, value }) => [key, plainValue(value, 0)]));
  const operation = attributes.get("gen_ai.operation.name");
  return {
    traceId: span.traceId,
    operation: typeof operation === "string" ? operation : "",
    start: nanoseconds(span.startTimeUnixNano),
    end: nanoseconds(span.endTimeUnixNano),
    attributes,
    resource,
    scope,
    raw,
  };
}

function readTrace(traceId: string, spans: readonly FlatSpan[], context: ImportContext): ImportResult {
  const ordered = [...spans].sort((a, b) => a.start - b.start);
  const told = ordered
    .filter(({ operation }) => ["chat", "generate_content", "text_completion", "invoke_agent"].includes(operation))
    .map((span) => ({ span, messages: messagesOf(span) }));
  // The longest history is the last call's: every call repeats what came before it.
  const best = told.reduce<(typeof told)[number] | undefined>(
    (most, each) => (each.messages.length > 0 && (!most || each.messages.length >= most.messages.length) ? each : most),
    undefined,
  );
  const carried = carriedBy(best && jsonOf(best.span.attributes.get("searchlight")));
  const retrievals = ordered.filter(({ operation }) => operation === "retrieval").map(retrievalOf);
  const messages = withHits(best?.messages ?? [], retrievals);
  const chat = chatTranscript(messages, {
    profile: carriedProfile(carried, context.profile),
    joined: carried?.joined ?? false,
  });
  const text = (name: string): string | undefined =>
    ordered.map(({ attributes }) => attributes.get(name)).find((value) => typeof value === "string" && value !== "") as
      | string
      | undefined;
  const start = ordered[0]!.start;
  const end = ordered.reduce((latest, span) => Math.max(latest, span.end), start);
  const finish = best?.span.attributes.get("gen_ai.response.finish_reasons");
  const outputTokens = tokenSum(told.map(({ span }) => span));
  return importedRow(
    {
      id: text("gen_ai.conversation.id") ?? traceId,
      cut: chat.cut,
      profile: chat.profile,
      form: "chat",
      question: chat.question,
      answer: chat.answer,
      recorded: carried?.answer?.text,
      model: text("gen_ai.response.model") ?? text("gen_ai.request.model"),
      stop: text("error.type")
        ? "error"
        : Array.isArray(finish) && typeof finish[0] === "string"
          ? finish[0]
          : undefined,
      createdAt: start > 0 ? new Date(start / 1e6).toISOString() : undefined,
      usage: {
        seconds: Math.max(0, (end - start) / 1e9),
        ...(outputTokens === undefined ? {} : { policyTokens: outputTokens }),
      },
      source: { format: "otel", record: requestOf(spans) },
      override: carriedFields(carried, chat.cut.text),
      notices: best ? [] : ["The spans hold no messages: the program that wrote them was not told to capture content."],
    },
    context,
  );
}

/** Tokens that the policy wrote, by the calls of the model; an agent's span repeats their sum. */
function tokenSum(spans: readonly FlatSpan[]): number | undefined {
  const calls = spans.filter(({ operation }) => operation !== "invoke_agent");
  const counts = (calls.length > 0 ? calls : spans)
    .map(({ attributes }) => attributes.get("gen_ai.usage.output_tokens"))
    .filter((value): value is number => Number.isSafeInteger(value) && (value as number) >= 0);
  return counts.length === 0 ? undefined : counts.reduce((sum, each) => sum + each, 0);
}

const Message = z.looseObject({ role: z.string(), parts: z.array(z.looseObject({ type: z.string() })) });

function messagesOf({ attributes }: FlatSpan): ChatMessage[] {
  const system = z
    .array(z.looseObject({ type: z.string() }))
    .safeParse(jsonOf(attributes.get("gen_ai.system_instructions")));
  const listed = ["gen_ai.input.messages", "gen_ai.output.messages"].flatMap((name) => {
    const parsed = z.array(Message).safeParse(jsonOf(attributes.get(name)));
    return parsed.success ? parsed.data : [];
  });
  const first = system.success && system.data.length > 0 ? [{ role: "system", parts: system.data }] : [];
  return [...first, ...listed].map(({ role, parts }) => {
    const known = ["system", "user", "assistant", "tool"].includes(role) ? (role as ChatMessage["role"]) : "user";
    return { role: known, parts: parts.flatMap(messagePart) };
  });
}

function messagePart(part: JsonRecord): MessagePart[] {
  const { type, content, id, name, arguments: given, response } = part;
  const call = typeof id === "string" ? id : undefined;
  if (type === "text" || type === "reasoning")
    return typeof content === "string" && content !== "" ? [{ type, text: content }] : [];
  if (type === "tool_call")
    return [{ type: "call", id: call, name: typeof name === "string" ? name : "tool", arguments: jsonOf(given) }];
  if (type !== "tool_call_response") return [];
  const text = typeof response === "string" ? response : (JSON.stringify(response ?? part["result"]) ?? "");
  return [{ type: "result", id: call, text }];
}

interface Retrieval {
  query: string | undefined;
  hits: Hit[];
  seconds: number;
}

/** A retrieval span: its documents are ids and scores, at times with their content. */
function retrievalOf({ attributes, start, end }: FlatSpan): Retrieval {
  const documents = z.array(z.unknown()).safeParse(jsonOf(attributes.get("gen_ai.retrieval.documents")));
  const query = attributes.get("gen_ai.retrieval.query.text");
  const hits = (documents.success ? documents.data : []).filter(isRecord).map((document, index): Hit => {
    const said = [document["content"], document["text"]].find((value) => typeof value === "string");
    const id = document["id"];
    return {
      passage: {
        id: typeof id === "string" || typeof id === "number" ? String(id) : `document-${index + 1}`,
        title: typeof document["title"] === "string" ? document["title"] : "",
        text: typeof said === "string" ? said : "",
      },
      rank: index + 1,
      score: Number.isFinite(document["score"]) ? (document["score"] as number) : 1 / (index + 1),
      matched: [],
    };
  });
  return { query: typeof query === "string" ? query : undefined, hits, seconds: Math.max(0, (end - start) / 1e9) };
}

/** Gives the nth tool result the nth retrieval's documents, where there is one retrieval for each. */
function withHits(messages: readonly ChatMessage[], retrievals: readonly Retrieval[]): ChatMessage[] {
  const results = messages.flatMap(({ parts }) => parts.filter(({ type }) => type === "result"));
  if (retrievals.length === 0 || results.length !== retrievals.length) return [...messages];
  let next = 0;
  return messages.map(({ role, parts }) => ({
    role,
    parts: parts.map((part) => {
      if (part.type !== "result") return part;
      const { hits, seconds } = retrievals[next++]!;
      return { ...part, seconds, ...(hits.length > 0 ? { hits } : {}) };
    }),
  }));
}

/** The spans of one trace as a request of their own, each under the resource and scope that it had. */
function requestOf(spans: readonly FlatSpan[]): { resourceSpans: unknown[] } {
  const resourceSpans = spans.reduce<{ resource: JsonRecord; scope: JsonRecord; spans: unknown[] }[]>(
    (groups, span) => {
      const last = groups.at(-1);
      const same = last && JSON.stringify([last.resource, last.scope]) === JSON.stringify([span.resource, span.scope]);
      if (same) last.spans.push(span.raw);
      else groups.push({ resource: span.resource, scope: span.scope, spans: [span.raw] });
      return groups;
    },
    [],
  );
  return {
    resourceSpans: resourceSpans.map(({ resource, scope, spans: some }) => ({
      ...resource,
      scopeSpans: [{ ...scope, spans: some }],
    })),
  };
}

/** An OTLP `AnyValue` as a plain value; nothing for what nests too deeply. */
function plainValue(value: unknown, depth: number): unknown {
  if (!isRecord(value) || depth > 32) return undefined;
  if ("intValue" in value) return Number(value["intValue"]);
  for (const name of ["stringValue", "boolValue", "doubleValue"]) if (name in value) return value[name];
  const array = isRecord(value["arrayValue"]) ? value["arrayValue"]["values"] : undefined;
  if (Array.isArray(array)) return array.map((each) => plainValue(each, depth + 1));
  const pairs = isRecord(value["kvlistValue"]) ? value["kvlistValue"]["values"] : undefined;
  if (!Array.isArray(pairs)) return undefined;
  return Object.fromEntries(
    pairs.flatMap((pair: unknown) =>
      isRecord(pair) && typeof pair["key"] === "string"
        ? [[pair["key"], plainValue(pair["value"], depth + 1)] as const]
        : [],
    ),
  );
}

/** Complex attributes are JSON in a string where the exporter has no structured ones. */
function jsonOf(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    const parsed = JSON.parse(value) as unknown;
    return deeperThan(parsed, 64) ? value : parsed;
  } catch {
    return value;
  }
}

/** Nanoseconds since 1970; a double is exact to some hundred of them, which is enough for durations. */
function nanoseconds(value: string | number | undefined): number {
  const number = Number(value ?? 0);
  return Number.isFinite(number) && number >= 0 && number < 8.64e21 ? number : 0;
}
