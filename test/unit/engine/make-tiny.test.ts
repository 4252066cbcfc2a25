import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type TinyOptions, makeTinyModel, searcherTags } from "../../../server/engine/make-tiny.ts";
import { readModelFolder } from "../../../server/engine/model-folder.ts";

const texts = ["The refractor stands in the east dome. The reflector stands in the west dome. ".repeat(5)];
const small: TinyOptions = { texts, vocabulary: 320, hidden: 32, layers: 1 };

function make(options: TinyOptions): string {
  return makeTinyModel(mkdtempSync(join(tmpdir(), "searchlight-tiny-")), options).folder;
}

function hashes(folder: string): Record<string, string> {
  const hash = (file: string): string =>
    createHash("sha256")
      .update(readFileSync(join(folder, file)))
      .digest("hex");
  return Object.fromEntries(readdirSync(folder).map((file) => [file, hash(file)]));
}

test("the same text and seed give the same bytes, another seed other weights alone", () => {
  const one = hashes(make({ ...small, seed: 1 }));
  expect(hashes(make({ ...small, seed: 1 }))).toEqual(one);
  const two = hashes(make({ ...small, seed: 2 }));
  const differing = Object.keys(one).filter((file) => one[file] !== two[file]);
  expect(differing).toEqual(["model.safetensors"]);
});

test("the weights are normal with a deviation that training can use, and norms are one", () => {
  const folder = make({ ...small, hidden: 128 });
  const bytes = readFileSync(join(folder, "model.safetensors"));
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString("utf8", 8, 8 + length)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const values = (name: string): Float32Array => {
    const [from, to] = header[name]!.data_offsets;
    return new Float32Array(new Uint8Array(bytes.subarray(8 + length + from, 8 + length + to)).buffer);
  };
  expect(length % 8).toBe(0);
  expect(header["model.embed_tokens.weight"]).toMatchObject({ dtype: "F32", shape: [320, 128] });
  expect(header["model.layers.0.self_attn.k_proj.weight"]!.shape).toEqual([64, 128]);
  const embedding = values("model.embed_tokens.weight");
  const mean = embedding.reduce((sum, value) => sum + value, 0) / embedding.length;
  const spread = Math.sqrt(embedding.reduce((sum, value) => sum + (value - mean) ** 2, 0) / embedding.length);
  expect(Math.abs(mean)).toBeLessThan(0.003);
  expect(spread).toBeGreaterThan(0.097);
  expect(spread).toBeLessThan(0.103);
  expect(values("model.norm.weight").every((value) => value === 1)).toBe(true);
  // Two tensors are not the same numbers.
  expect(values("model.layers.0.self_attn.k_proj.weight")).not.toEqual(
    values("model.layers.0.self_attn.v_proj.weight"),
  );
});

test("tags are single tokens unless they are left out", () => {
  const length = (folder: string): number => {
    const read = readModelFolder(folder);
    if (!read.ok) throw new Error(read.reason);
    return read.model.tokenizer.encodePrompt(searcherTags.join("")).length;
  };
  expect(length(make(small))).toBe(searcherTags.length);
  expect(length(make({ ...small, tags: [] }))).toBeGreaterThan(searcherTags.length * 3);
});

test("a text too short for the vocabulary leaves tokens unused, and the sizes still fit", () => {
  const folder = make({ texts: ["ab ab"], vocabulary: 2048, hidden: 32, layers: 1 });
  const read = readModelFolder(folder);
  if (!read.ok) throw new Error(read.reason);
  expect(read.model.vocabulary).toBe(320);
  expect(read.model.tokenizer.decode(read.model.tokenizer.encode("ab zq"))).toBe("ab zq");
});

test("sizes that no engine could spread are refused", () => {
  expect(() => make({ ...small, vocabulary: 300 })).toThrow(RangeError);
  expect(() => make({ ...small, vocabulary: 256 })).toThrow(/at least 267/);
  expect(() => make({ ...small, hidden: 48 })).toThrow(/multiple of 32/);
});
