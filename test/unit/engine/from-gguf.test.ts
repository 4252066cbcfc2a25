import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { modelFromGguf } from "../../../server/engine/gguf/from-gguf.ts";
import { byteLetters } from "../../../server/engine/byte-pairs.ts";
import { readModelFolder } from "../../../server/engine/model-folder.ts";
import { type Field, type Tensor, ggufBytes } from "./gguf-bytes.ts";

const hidden = 8;
const heads = 2;
const intermediate = 4;
const tokens = [...byteLetters.toSorted(), "<|end|>"];

const fields: Record<string, Field> = {
  "general.architecture": "llama",
  "general.name": "Small",
  "llama.block_count": { u32: 1 },
  "llama.context_length": { u32: 64 },
  "llama.embedding_length": { u32: hidden },
  "llama.feed_forward_length": { u32: intermediate },
  "llama.attention.head_count": { u32: heads },
  "llama.attention.head_count_kv": { u32: 1 },
  "llama.attention.layer_norm_rms_epsilon": { f32: 1e-5 },
  "tokenizer.ggml.model": "gpt2",
  "tokenizer.ggml.pre": "smollm",
  "tokenizer.ggml.tokens": { texts: tokens },
  "tokenizer.ggml.token_type": { numbers: tokens.map((_, id) => (id === 256 ? 3 : 1)) },
  "tokenizer.ggml.merges": { texts: [] },
  "tokenizer.ggml.eos_token_id": { u32: 256 },
};

/** Rows that say which row they are, as float32. */
const matrix = (name: string, rows: number, columns: number): Tensor => ({
  name,
  dimensions: [columns, rows],
  values: Array.from({ length: rows * columns }, (_, index) => Math.floor(index / columns)),
});
const vector = (name: string): Tensor => ({ name, dimensions: [hidden], values: Array<number>(hidden).fill(1) });

const tensors: Tensor[] = [
  matrix("token_embd.weight", tokens.length, hidden),
  vector("output_norm.weight"),
  vector("blk.0.attn_norm.weight"),
  vector("blk.0.ffn_norm.weight"),
  matrix("blk.0.attn_q.weight", hidden, hidden),
  matrix("blk.0.attn_k.weight", hidden / heads, hidden),
  matrix("blk.0.attn_v.weight", hidden / heads, hidden),
  matrix("blk.0.attn_output.weight", hidden, hidden),
  matrix("blk.0.ffn_gate.weight", intermediate, hidden),
  matrix("blk.0.ffn_up.weight", intermediate, hidden),
  matrix("blk.0.ffn_down.weight", hidden, intermediate),
];

function convert(bytes: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), "searchlight-gguf-"));
  writeFileSync(join(folder, "model.gguf"), bytes);
  try {
    return modelFromGguf(join(folder, "model.gguf"), join(folder, "model")).folder;
  } catch (error) {
    // What could not be converted is no model.
    expect(existsSync(join(folder, "model", "config.json"))).toBe(false);
    expect(existsSync(join(folder, "model", "model.safetensors"))).toBe(false);
    throw error;
  }
}

const whole = ggufBytes(fields, tensors);

test("a small file becomes a model folder that is known to be one", () => {
  const folder = convert(whole);
  const read = readModelFolder(folder);
  if (!read.ok) throw new Error(read.reason);
  expect(read.model).toMatchObject({
    architecture: "LlamaForCausalLM",
    vocabulary: 257,
    contextLength: 64,
    endIds: [256],
  });
  expect(read.model.tokenizer.decode(read.model.tokenizer.encodePrompt("é<|end|>"))).toBe("é<|end|>");
  expect(JSON.parse(readFileSync(join(folder, "config.json"), "utf8"))).toMatchObject({
    rms_norm_eps: 0.00001,
    tie_word_embeddings: true,
    head_dim: 4,
    rope_theta: 10_000,
  });
});

test("rows of query and key are put back into halves, value's are not touched", () => {
  const bytes = readFileSync(join(convert(whole), "model.safetensors"));
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString("utf8", 8, 8 + length)) as Record<
    string,
    { data_offsets: [number, number] }
  >;
  const rows = (part: string): number[] => {
    const [from, to] = header[`model.layers.0.self_attn.${part}.weight`]!.data_offsets;
    const values = new Float32Array(new Uint8Array(bytes.subarray(8 + length + from, 8 + length + to)).buffer);
    return [...values].filter((_, index) => index % hidden === 0);
  };
  // `permute` of llama.cpp on the rows 0 1 2 3 of a head of 4 gives 0 2 1 3; it is its own inverse for a head of 4.
  expect(rows("q_proj")).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  expect(rows("k_proj")).toEqual([0, 2, 1, 3]);
  expect(rows("v_proj")).toEqual([0, 1, 2, 3]);
});

test.each<[string, Record<string, Field>, Tensor[], RegExp]>([
  ["another architecture", { ...fields, "general.architecture": "qwen2" }, tensors, /qwen2 model/],
  ["scaled positions", { ...fields, "llama.rope.scaling.type": "yarn" }, tensors, /rotary/],
  ["scaled positions by a tensor", fields, [...tensors, vector("rope_freqs.weight")], /rotary/],
  ["another vocabulary", { ...fields, "tokenizer.ggml.model": "llama" }, tensors, /kind llama/],
  ["another way to cut text", { ...fields, "tokenizer.ggml.pre": "tekken" }, tensors, /tekken/],
  ["a missing tensor", fields, tensors.slice(0, -1), /lacks the tensor blk.0.ffn_down/],
  [
    "a tensor of another shape",
    fields,
    [...tensors.slice(0, -1), matrix("blk.0.ffn_down.weight", 3, 3)],
    /shape 3 × 3/,
  ],
  ["a bias", fields, [...tensors, vector("blk.0.attn_q.bias")], /attn_q.bias/],
  ["a missing field", { ...fields, "llama.block_count": "one" }, tensors, /llama.block_count/],
])("%s is refused in a sentence", (_what, given, parts, reason) => {
  expect(() => convert(ggufBytes(given, parts))).toThrow(reason);
});

test("a file cut anywhere is refused, never half read", () => {
  for (let size = 0; size < whole.byteLength; size += 997)
    expect(() => convert(whole.subarray(0, size)), `${size} bytes`).toThrow(/GGUF|header|tensor/);
});

test("counts that no file can have are refused before anything is made of them", () => {
  const absurd = Buffer.from(whole);
  absurd.writeBigUInt64LE(2n ** 62n, 8);
  expect(() => convert(absurd)).toThrow(/damaged/);
  const long = Buffer.from(whole);
  long.writeBigUInt64LE(2n ** 40n, 24);
  expect(() => convert(long)).toThrow(/damaged/);
});
