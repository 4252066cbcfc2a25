import { describe, expect, it } from "vitest";
import type { Answer } from "../../../../server/training/tinker/connection.ts";
import { sampleAnswer, sampleBody } from "../../../../server/training/tinker/sampling-wire.ts";
import { field, float32Bytes, int32Bytes, varintField } from "./wire-bytes.ts";

const request = { prompt: [5, 6], maxTokens: 3, temperature: 0.5, topP: 0.9, seed: 7, stopIds: [2] };
const wire = { maxTokens: 16, stop: [2, 2], routing: 4, promptLogprobs: false };

describe("a sampling request", () => {
  it("names what it samples in one of three ways, and asks for one sequence", () => {
    expect(sampleBody({ session: "sampling_1" }, request, wire)).toEqual({
      sampling_session_id: "sampling_1",
      seq_id: 4,
      num_samples: 1,
      prompt: { chunks: [{ type: "encoded_text", tokens: [5, 6] }] },
      sampling_params: { max_tokens: 16, temperature: 0.5, top_p: 0.9, seed: 7, stop: [2, 2] },
    });
    expect(sampleBody({ baseModel: "b" }, request, wire)).toMatchObject({ base_model: "b" });
    expect(sampleBody({ modelPath: "tinker://m/x" }, request, { ...wire, promptLogprobs: true })).toMatchObject({
      model_path: "tinker://m/x",
      prompt_logprobs: true,
    });
  });

  it("leaves out an empty list of stops, and takes every token where top-p is not said", () => {
    const { topP: _, ...plain } = request;
    const body = sampleBody({ baseModel: "b" }, plain, { ...wire, stop: [] });
    expect(body).toMatchObject({ sampling_params: { top_p: 1 } });
    expect(body).not.toHaveProperty("sampling_params.stop");
  });
});

const proto = (...parts: Buffer[]): Answer => ({ kind: "bytes", bytes: Buffer.concat(parts) });

describe("a sample's answer", () => {
  it("is read from protobuf written by hand; a stop, which is zero, is not on the wire", () => {
    const stopped = sampleAnswer(
      proto(
        field(1, field(2, int32Bytes(70_000, 2)), field(3, float32Bytes(-0.5, -2))),
        field(2, float32Bytes(-4, Number.NaN)),
      ),
    );
    expect(stopped.sequence).toEqual({ ids: [70_000, 2], logprobs: [-0.5, -2], reason: "stop" });
    expect([...stopped.promptLogprobs!]).toEqual([-4, Number.NaN]);
    const cut = sampleAnswer(proto(field(1, varintField(1, 1), field(2, int32Bytes(9)), field(3, float32Bytes(-1)))));
    expect(cut).toEqual({ sequence: { ids: [9], logprobs: [-1], reason: "length" }, promptLogprobs: undefined });
  });

  it("is read from JSON", () => {
    const value = {
      sequences: [{ stop_reason: "length", tokens: [9, 8], logprobs: [-1, -0.5] }],
      prompt_logprobs: [null, -3],
      topk_prompt_logprobs: null,
    };
    const { sequence, promptLogprobs } = sampleAnswer({ kind: "json", value });
    expect(sequence).toEqual({ ids: [9, 8], logprobs: [-1, -0.5], reason: "length" });
    expect([...promptLogprobs!]).toEqual([Number.NaN, -3]);
  });

  it.each<[string, string, Answer]>([
    [
      "fewer log-probs than tokens",
      "bad-response",
      proto(field(1, field(2, int32Bytes(1, 2)), field(3, float32Bytes(-1)))),
    ],
    ["bytes that are no tokens", "bad-response", proto(field(1, field(2, Buffer.from([1, 2, 3]))))],
    ["no sequence", "bad-response", proto(field(2, float32Bytes(-1)))],
    ["other JSON", "bad-response", { kind: "json", value: { sequences: [] } }],
    [
      "log-probs that are no numbers",
      "not-finite",
      proto(field(1, field(2, int32Bytes(1)), field(3, float32Bytes(Number.NaN)))),
    ],
    ["null for a log-prob", "not-finite", { kind: "json", value: { sequences: [{ tokens: [1], logprobs: [null] }] } }],
  ])("with %s is an error of kind %s", (_, kind, answer) => {
    expect(() => sampleAnswer(answer)).toThrow(expect.objectContaining({ name: "EngineError", kind }) as Error);
  });
});
