import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MergeError, mergeLora } from "../../../server/engine/merge-lora.ts";
import { storedTensors, tensorsIn } from "../../../server/engine/read-safetensors.ts";
import { writeSafetensors } from "../../../server/engine/safetensors.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "searchlight-merge-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const numbers = (count: number, from: number): Float32Array =>
  Float32Array.from({ length: count }, (_, at) => Math.sin(from + at));

/** A safetensors file of one tensor of any type, by hand. */
function raw(dtype: string, shape: number[], bytes: Uint8Array, offsets = [0, bytes.length]): Uint8Array {
  const header = Buffer.from(JSON.stringify({ w: { dtype, shape, data_offsets: offsets } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, bytes]);
}

describe("a safetensors file", () => {
  test("gives back what was written, in any order", () => {
    const file = join(folder, "a.safetensors");
    const tensors = { b: numbers(6, 0), a: numbers(4, 9) };
    writeSafetensors(file, [
      { name: "b", shape: [2, 3], values: () => tensors.b },
      { name: "a", shape: [4], values: () => tensors.a },
    ]);
    const read = storedTensors(file);
    expect(read.get("b")).toMatchObject({ shape: [2, 3] });
    expect(read.get("b")!.values()).toEqual(tensors.b);
    expect(read.get("a")!.values()).toEqual(tensors.a);
  });

  test.each([
    ["BF16", [0x3f80, 0xc000, 0x0000, 0x7f80], [1, -2, 0, Infinity]],
    ["F16", [0x3c00, 0xc000, 0x0001, 0x7c00], [1, -2, 2 ** -24, Infinity]],
  ])("of type %s is read as float32", (dtype, halves, expected) => {
    const bytes = new Uint8Array(Uint16Array.from(halves).buffer);
    expect([
      ...tensorsIn(raw(dtype, [4], bytes), "x")
        .get("w")!
        .values(),
    ]).toEqual(expected);
  });

  test("of another type is listed and not read", () => {
    const tensor = tensorsIn(raw("I8", [2], new Uint8Array(2)), "x").get("w")!;
    expect(() => tensor.values()).toThrow(/type I8/);
  });

  test.each([
    ["is empty", new Uint8Array()],
    ["has a header longer than itself", Uint8Array.from([255, 255, 255, 255, 0, 0, 0, 0, 1])],
    ["has a header that is no JSON", Uint8Array.from([2, 0, 0, 0, 0, 0, 0, 0, 1, 2])],
    ["is cut off", raw("F32", [4], new Uint8Array(16)).subarray(0, -4)],
    ["has another size than its shape", raw("F32", [5], new Uint8Array(16))],
    ["ends before it begins", raw("F32", [0], new Uint8Array(16), [8, 4])],
  ])("that %s is told in one sentence", (_, bytes) => {
    expect(() => tensorsIn(bytes, "x.safetensors")).toThrow(/^x\.safetensors is no whole safetensors file; [^.]+\.$/);
  });
});

const [outputs, inputs, rank] = [5, 7, 2];
const base = { q: numbers(outputs * inputs, 1), norm: numbers(inputs, 2) };
const lora = { a: numbers(rank * inputs, 3), b: numbers(outputs * rank, 4) };
const module = "base_model.model.model.layers.0.self_attn.q_proj";

function baseFolder(): string {
  const path = join(folder, "base");
  rmSync(path, { recursive: true, force: true });
  return mkdtempSync(`${path}-`);
}

function writeBase(): string {
  const path = baseFolder();
  const one = (name: string, file: string, shape: [number] | [number, number], values: Float32Array): void =>
    writeSafetensors(join(path, file), [{ name, shape, values: () => values }]);
  one("model.layers.0.self_attn.q_proj.weight", "model-1.safetensors", [outputs, inputs], base.q);
  one("model.norm.weight", "model-2.safetensors", [inputs], base.norm);
  writeFileSync(join(path, "model.safetensors.index.json"), "{}");
  writeFileSync(join(path, "config.json"), JSON.stringify({ torch_dtype: "bfloat16", hidden_size: 7 }));
  writeFileSync(join(path, "tokenizer.json"), "{}");
  writeFileSync(join(path, "notes.txt"), "not of the model");
  return path;
}

function adapterOf(tensors: Record<string, { shape: number[]; values: Float32Array }>): Uint8Array {
  const file = join(folder, "adapter.safetensors");
  writeSafetensors(
    file,
    Object.entries(tensors).map(([name, { shape, values }]) => ({ name, shape, values: () => values })),
  );
  return readFileSync(file);
}

const pair = {
  [`${module}.lora_A.weight`]: { shape: [rank, inputs], values: lora.a },
  [`${module}.lora_B.weight`]: { shape: [outputs, rank], values: lora.b },
};

test("merging adds alpha / r · B · A to the weights it is for and leaves the others", async () => {
  const target = join(folder, "merged");
  await mergeLora(writeBase(), { alpha: 6, rank, weights: adapterOf(pair) }, target);
  const merged = storedTensors(join(target, "model.safetensors"));
  const q = merged.get("model.layers.0.self_attn.q_proj.weight")!.values();
  for (let row = 0; row < outputs; row++)
    for (let column = 0; column < inputs; column++) {
      const product = lora.b[row * rank]! * lora.a[column]! + lora.b[row * rank + 1]! * lora.a[inputs + column]!;
      expect(q[row * inputs + column]).toBeCloseTo(base.q[row * inputs + column]! + 3 * product, 5);
    }
  expect(merged.get("model.norm.weight")!.values()).toEqual(base.norm);
  expect(readdirSync(target).toSorted()).toEqual(["config.json", "model.safetensors", "tokenizer.json"]);
  expect(JSON.parse(readFileSync(join(target, "config.json"), "utf8"))).toEqual({
    torch_dtype: "float32",
    hidden_size: 7,
  });
});

test.each<[string, () => Uint8Array, RegExp]>([
  [
    "another model",
    () => adapterOf(Object.fromEntries(Object.entries(pair).map(([k, v]) => [k.replace("0", "9"), v]))),
    /does not have/,
  ],
  [
    "other sizes",
    () => adapterOf({ ...pair, [`${module}.lora_A.weight`]: { shape: [rank, 3], values: numbers(6, 0) } }),
    /does not fit/,
  ],
  [
    "one half of a pair",
    () => adapterOf({ [`${module}.lora_A.weight`]: pair[`${module}.lora_A.weight`]! }),
    /lacks the second/,
  ],
  [
    "more than matrices",
    () => adapterOf({ ...pair, "lm_head.weight": { shape: [1], values: numbers(1, 0) } }),
    /no LoRA matrix/,
  ],
  ["nothing", () => adapterOf({}), /changes nothing/],
])("an adapter of %s is refused, and no folder is left", async (_, weights, message) => {
  const target = join(folder, "merged");
  const merge = (): Promise<void> => mergeLora(writeBase(), { alpha: 6, rank, weights: weights() }, target);
  await expect(merge()).rejects.toThrow(MergeError);
  await expect(merge()).rejects.toThrow(message);
  expect(readdirSync(folder).filter((name) => name.startsWith("merged"))).toEqual([]);
});
