import { readSync } from "node:fs";
import { type LlamaShape, llamaTensors } from "../llama-shape.ts";
import type { TensorSource } from "../safetensors.ts";
import { dequantise, packings } from "./dequantise.ts";
import { GgufError, type GgufHeader, type GgufTensor } from "./read-gguf.ts";

const whole: Record<string, string> = {
  "model.embed_tokens.weight": "token_embd.weight",
  "model.norm.weight": "output_norm.weight",
  "lm_head.weight": "output.weight",
};

const inLayer: Record<string, string> = {
  input_layernorm: "attn_norm",
  post_attention_layernorm: "ffn_norm",
  "self_attn.q_proj": "attn_q",
  "self_attn.k_proj": "attn_k",
  "self_attn.v_proj": "attn_v",
  "self_attn.o_proj": "attn_output",
  "mlp.gate_proj": "ffn_gate",
  "mlp.up_proj": "ffn_up",
  "mlp.down_proj": "ffn_down",
};

/**
 * A Llama model's tensors under the transformers library's names, unpacked when they are asked for. Every tensor the shape needs must be
 * there in that shape, and none may be left over. Throws `GgufError`.
 */
export function llamaWeights(fd: number, header: GgufHeader, shape: LlamaShape): TensorSource[] {
  const known = new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
  const sources = llamaTensors(shape).map(({ name, shape: expected }) => {
    const tensor = known.get(ggufName(name));
    if (!tensor) throw new GgufError(`The file lacks the tensor ${ggufName(name)} of a Llama model.`);
    known.delete(tensor.name);
    const has = tensor.dimensions.toReversed();
    if (has.length !== expected.length || has.some((side, index) => side !== expected[index]))
      throw new GgufError(`The tensor ${tensor.name} has the shape ${has.join(" × ")}, not ${expected.join(" × ")}.`);
    checkPacking(tensor, header.fileBytes);
    const heads = name.endsWith("q_proj.weight") ? shape.heads : name.endsWith("k_proj.weight") ? shape.kvHeads : 0;
    const values = (): Float32Array => {
      const unpacked = readTensor(fd, tensor);
      return heads > 0 ? unpermuted(unpacked, heads, expected[0], expected[1]!) : unpacked;
    };
    return { name, shape: expected, values };
  });
  const left = [...known.keys()];
  if (left.length > 0) {
    throw new GgufError(
      `The file has tensors that a Llama model of this engine lacks (${left.slice(0, 3).join(", ")}); convert another model.`,
    );
  }
  return sources;
}

function ggufName(name: string): string {
  const [, layer, part] = /^model\.layers\.(\d+)\.(.+)\.weight$/.exec(name) ?? [];
  return part === undefined ? whole[name]! : `blk.${layer}.${inLayer[part]}.weight`;
}

function checkPacking(tensor: GgufTensor, fileBytes: number): void {
  const packing = packings.get(tensor.type);
  if (!packing) {
    const names = [...packings.values()].map(({ name }) => name).join(", ");
    throw new GgufError(
      `The tensor ${tensor.name} is packed in a way that is not known here (${tensor.type}); known are ${names}.`,
    );
  }
  if (sizeOf(tensor) % packing.values !== 0)
    throw new GgufError(`The tensor ${tensor.name} is no whole number of blocks.`);
  if (tensor.offset + (sizeOf(tensor) / packing.values) * packing.bytes > fileBytes)
    throw new GgufError(`The file ends in the middle of its tensor ${tensor.name}; download it again.`);
}

function sizeOf({ dimensions }: GgufTensor): number {
  return dimensions.reduce((product, side) => product * side, 1);
}

function readTensor(fd: number, tensor: GgufTensor): Float32Array {
  const packing = packings.get(tensor.type)!;
  const bytes = new Uint8Array((sizeOf(tensor) / packing.values) * packing.bytes);
  for (let at = 0; at < bytes.byteLength;) {
    const got = readSync(fd, bytes, at, bytes.byteLength - at, tensor.offset + at);
    if (got === 0) throw new GgufError(`The file ends in the middle of its tensor ${tensor.name}; download it again.`);
    at += got;
  }
  return dequantise(packing, bytes);
}

/**
 * GGUF keeps the rows of query and key projections in the order that its rotary embedding wants: pairs side by side. The transformers
 * library wants the halves one after the other (`permute` of llama.cpp's convert_hf_to_gguf.py, backwards).
 */
function unpermuted(values: Float32Array, heads: number, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  const headRows = rows / heads;
  const halfRows = headRows / 2;
  for (let head = 0; head < heads; head++) {
    for (let row = 0; row < headRows; row++) {
      const from = head * headRows + (row % halfRows) * 2 + Math.floor(row / halfRows);
      out.set(values.subarray(from * columns, (from + 1) * columns), (head * headRows + row) * columns);
    }
  }
  return out;
}
