import { createHash } from "node:crypto";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import { carry } from "../import/carried.ts";
import { finishReason } from "../import/stop-reason.ts";
import type { ExportFormat } from "./export-format.ts";
import { type PolicyTurn, spokenTurns } from "./spoken-turns.ts";
import { unchangedRecord } from "./unchanged-record.ts";

type Json = Record<string, unknown>;

/**
 * Spans by OpenTelemetry's conventions for generative AI, an export request in OTLP's JSON form a line (see
 * `import/otel-spans.ts`): one `invoke_agent` span that holds the messages, and a `retrieval` span below it for each search.
 * Facts that the conventions have no name for are in the attribute `searchlight`. Starts are reckoned from the times that the
 * trajectory keeps, since it keeps no clock of its turns.
 */
export const otelFormat: ExportFormat = {
  name: "otel",
  about:
    "OpenTelemetry GenAI spans (OTLP JSON lines): an agent span with its messages, a retrieval span for each search",
  shape: "lines",
  record(trajectory) {
    const unchanged = unchangedRecord(trajectory, "otel");
    return { ok: true, record: unchanged ?? requestOf(trajectory) };
  },
};

function requestOf(trajectory: Trajectory): Json {
  const { joined, prompt, turns } = spokenTurns(trajectory);
  const messages: Json[] = prompt === "" ? [] : [{ role: "user", parts: [{ type: "text", content: prompt }] }];
  for (const turn of turns) messages.push(...turnMessages(turn));
  const spoken = messages.at(-1)?.["role"] === "assistant" ? messages.length - 1 : messages.length;
  const finish = finishReason(trajectory);
  const output = messages.slice(spoken).map((message) => ({ ...message, finish_reason: finish }));
  const traceId = hash(trajectory.id, 32);
  const root = hash(`${trajectory.id}/agent`, 16);
  const start = BigInt(new Date(trajectory.createdAt).getTime()) * 1_000_000n;
  const { policyTokens } = trajectory.usage;
  const agent = {
    traceId,
    spanId: root,
    name: "invoke_agent searchlight",
    kind: 1,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + nanoseconds(trajectory.usage.seconds)),
    attributes: [
      text("gen_ai.operation.name", "invoke_agent"),
      text("gen_ai.provider.name", "searchlight"),
      text("gen_ai.agent.name", "searchlight"),
      text("gen_ai.request.model", trajectory.policy.label),
      text("gen_ai.conversation.id", trajectory.id),
      { key: "gen_ai.response.finish_reasons", value: { arrayValue: { values: [{ stringValue: finish }] } } },
      ...(policyTokens === undefined
        ? []
        : [{ key: "gen_ai.usage.output_tokens", value: { intValue: String(policyTokens) } }]),
      text("gen_ai.input.messages", JSON.stringify(messages.slice(0, spoken))),
      text("gen_ai.output.messages", JSON.stringify(output)),
      text("searchlight", JSON.stringify(carry(trajectory, joined))),
    ],
  };
  return {
    resourceSpans: [
      {
        resource: { attributes: [text("service.name", "searchlight")] },
        scopeSpans: [
          { scope: { name: "searchlight" }, spans: [agent, ...searchSpans(trajectory, traceId, root, start)] },
        ],
      },
    ],
  };
}

function turnMessages({ parts, calls, answers }: PolicyTurn): Json[] {
  const own = parts.map(({ type, text: content }) => ({ type, content }));
  const called = calls.map(({ id, name, arguments: given }) => ({ type: "tool_call", id, name, arguments: given }));
  return [
    { role: "assistant", parts: [...own, ...called] },
    ...answers.map(({ text: content, call }) =>
      call === undefined
        ? { role: "user", parts: [{ type: "text", content }] }
        : { role: "tool", parts: [{ type: "tool_call_response", id: call, response: content }] },
    ),
  ];
}

function searchSpans({ searches }: Trajectory, traceId: string, parentSpanId: string, start: bigint): Json[] {
  let at = start;
  return searches.map(({ query, hits, seconds, error }, index) => {
    const from = at;
    at += nanoseconds(seconds);
    const documents = hits.map(({ passage, score }) => ({
      id: passage.id,
      score,
      title: passage.title,
      content: passage.text,
    }));
    return {
      traceId,
      spanId: hash(`${traceId}/search/${index}`, 16),
      parentSpanId,
      name: "retrieval",
      kind: 3,
      startTimeUnixNano: String(from),
      endTimeUnixNano: String(at),
      attributes: [
        text("gen_ai.operation.name", "retrieval"),
        text("gen_ai.retrieval.query.text", query),
        text("gen_ai.retrieval.documents", JSON.stringify(documents)),
        ...(error === undefined ? [] : [text("error.type", "_OTHER")]),
      ],
      ...(error === undefined ? {} : { status: { code: 2, message: error } }),
    };
  });
}

function text(key: string, stringValue: string): Json {
  return { key, value: { stringValue } };
}

function nanoseconds(seconds: number): bigint {
  return BigInt(Math.round(Math.min(seconds, 1e9) * 1e9));
}

function hash(of: string, digits: number): string {
  return createHash("sha256").update(of).digest("hex").slice(0, digits);
}
