import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { z } from "zod";
import { EngineError, type EngineLoss } from "../engine.ts";
import type { Answer } from "./connection.ts";
import type { Datum } from "./shifted-datum.ts";
import { ForwardBackwardOutputSchema, ForwardBackwardRequestSchema } from "./tinker_pb.ts";
import { float32s } from "./arrays.ts";
import { withDatums } from "./datum-bytes.ts";

/** One pass over some datums, as a server is asked for it. */
export interface Pass {
  readonly modelId: string;
  /** Number of the call on its model; 0 where the server keeps none. */
  readonly sequence: number;
  readonly datums: readonly Datum[];
  readonly loss: EngineLoss;
  readonly forwardOnly: boolean;
}

const lossNames = {
  "cross-entropy": "cross_entropy",
  "importance-sampling": "importance_sampling",
  ppo: "ppo",
  cispo: "cispo",
} as const;

/** Bounds of the ratio are absolute on the wire. */
function lossConfig(loss: EngineLoss): Record<string, number> {
  return "low" in loss ? { clip_low_threshold: 1 - loss.low, clip_high_threshold: 1 + loss.high } : {};
}

/** The body for `/forward_backward` as protobuf. */
export function protoPass({ modelId, sequence, datums, loss, forwardOnly }: Pass): Uint8Array {
  const fields = { lossFn: lossNames[loss.kind], lossFnConfig: lossConfig(loss), forwardOnly };
  return withDatums(
    toBinary(ForwardBackwardRequestSchema, create(ForwardBackwardRequestSchema, { modelId, seqId: sequence })),
    datums,
    toBinary(ForwardBackwardRequestSchema, create(ForwardBackwardRequestSchema, fields)),
  );
}

/** The body for `/forward_backward` or `/forward` as JSON. */
export function jsonPass({ modelId, sequence, datums, loss, forwardOnly }: Pass): object {
  const config = lossConfig(loss);
  const input = {
    data: datums.map(({ input, target, weights, advantages, logprobs }) => ({
      model_input: { chunks: [{ type: "encoded_text", tokens: [...input] }] },
      loss_fn_inputs: {
        target_tokens: { data: [...target], dtype: "int64", shape: [target.length] },
        weights: floatTensor(weights),
        ...(advantages ? { advantages: floatTensor(advantages) } : {}),
        ...(logprobs ? { logprobs: floatTensor(logprobs) } : {}),
      },
    })),
    loss_fn: lossNames[loss.kind],
    ...(Object.keys(config).length > 0 ? { loss_fn_config: config } : {}),
  };
  return {
    model_id: modelId,
    ...(sequence > 0 ? { seq_id: sequence } : {}),
    [forwardOnly ? "forward_input" : "forward_backward_input"]: input,
  };
}

function floatTensor(row: Float32Array): object {
  return { data: [...row], dtype: "float32", shape: [row.length] };
}

/** JSON has no NaN: servers write null, or its name. */
const JsonNumber = z.union([z.number(), z.null(), z.enum(["NaN", "Infinity", "-Infinity"])]);
const JsonOutput = z.looseObject({
  loss_fn_outputs: z.array(z.looseObject({ logprobs: z.looseObject({ data: z.array(JsonNumber) }) })),
});

/**
 * Log-probs of the targets, one row per datum, as the engine answered them; NaN where it has none.
 * @throws EngineError of kind "bad-response" where the answer does not fit the datums
 */
export function passLogprobs(answer: Answer, datums: readonly Datum[]): Float64Array[] {
  const rows = answer.kind === "bytes" ? protoRows(answer.bytes) : jsonRows(answer.value);
  if (rows.length !== datums.length)
    throw new EngineError("bad-response", `The engine answered ${rows.length} sequences for ${datums.length}.`);
  rows.forEach((row, at) => {
    if (row.length !== datums[at]!.target.length)
      throw new EngineError(
        "bad-response",
        `The engine answered ${row.length} log-probs for a sequence of ${datums[at]!.target.length} targets.`,
      );
  });
  return rows;
}

function protoRows(bytes: Uint8Array): Float64Array[] {
  try {
    const output = fromBinary(ForwardBackwardOutputSchema, bytes);
    return output.lossFnOutputs.flatMap(({ fields, numDatums }) => {
      const field = fields["logprobs"];
      if (!field || field.dtype !== 1) throw new Error("no log-probs");
      const view = new DataView(field.offsets.buffer, field.offsets.byteOffset, field.offsets.byteLength);
      const count = Number(numDatums);
      if (view.byteLength !== 8 * (count + 1)) throw new Error("offsets");
      return Array.from({ length: count }, (_, at) => {
        const [from, to] = [Number(view.getBigInt64(8 * at, true)), Number(view.getBigInt64(8 * at + 8, true))];
        if (from < 0 || to < from || to > field.data.length) throw new Error("offsets");
        return float32s(field.data.subarray(from, to));
      });
    });
  } catch (error) {
    throw new EngineError("bad-response", "The engine's log-probs cannot be read; its version may be another.", {
      cause: error,
    });
  }
}

function jsonRows(value: unknown): Float64Array[] {
  const parsed = JsonOutput.safeParse(value);
  if (!parsed.success)
    throw new EngineError("bad-response", "The engine's log-probs cannot be read; its version may be another.", {
      cause: parsed.error,
    });
  return parsed.data.loss_fn_outputs.map(({ logprobs }) => Float64Array.from(logprobs.data, jsonNumber));
}

export function jsonNumber(value: number | string | null): number {
  return value === null ? Number.NaN : Number(value);
}
