import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { learnBytePairs } from "../../server/engine/byte-pairs.ts";
import { modelFromGguf } from "../../server/engine/gguf/from-gguf.ts";
import { type PreTokenizer, tokenizerConfig, tokenizerJson } from "../../server/engine/hf-tokenizer.ts";
import { findModel } from "../../server/models/model-files.ts";
import { makeTokenizer } from "../../server/models/tokenizer.ts";
import { readModelFolder } from "../../server/engine/model-folder.ts";
import { searcherTags } from "../../server/engine/make-tiny.ts";
import { awkwardTexts, pythonTokenizer } from "./fixture/python-tokenizer.ts";
import { sampleTexts, tinyModel } from "./fixture/running-engine.ts";

test("a tiny model's tokenizer is the same in the engine and here", async () => {
  const read = readModelFolder(tinyModel());
  if (!read.ok) throw new Error(read.reason);
  const { tokenizer, endIds } = read.model;
  const texts = [...awkwardTexts, ...sampleTexts()];
  const python = await pythonTokenizer(tinyModel(), texts);
  expect(python.fast).toBe(true);
  expect(texts.map((text) => tokenizer.encodePrompt(text))).toEqual(python.ids);
  expect(python.ids.map((ids) => tokenizer.decode(ids))).toEqual(python.decoded);
  // Nothing of any text is lost on the way.
  expect(python.decoded).toEqual(texts);
  expect(endIds).toEqual([python.eos]);
  expect(python.chat).toBe("<|im_start|>user\nWhich dome?<|im_end|>\n<|im_start|>assistant\n");
  for (const tag of searcherTags) {
    expect(tokenizer.encodePrompt(tag)).toHaveLength(1);
    // Spelt out in a document it stays text.
    expect(tokenizer.encode(tag).length).toBeGreaterThan(1);
    expect(tokenizer.decode(tokenizer.encode(tag))).toBe(tag);
  }
});

test("so is that of a model converted from its GGUF file", async () => {
  const source = findModel("smollm2-135m-instruct-q4_1", ["model.gguf"]);
  if (!source) throw new Error("The small model is not on this machine.");
  const scratch = mkdtempSync(join(tmpdir(), "searchlight-smol-"));
  try {
    const { folder } = modelFromGguf(join(source, "model.gguf"), join(scratch, "smol"));
    const read = readModelFolder(folder);
    if (!read.ok) throw new Error(read.reason);
    const texts = [...awkwardTexts, ...sampleTexts()];
    const python = await pythonTokenizer(folder, texts);
    expect(texts.map((text) => read.model.tokenizer.encodePrompt(text))).toEqual(python.ids);
    expect(read.model.endIds).toEqual([python.eos]);
    expect(python.chat).toContain("<|im_start|>user\nWhich dome?<|im_end|>");
  } finally {
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
});

test.each<PreTokenizer>(["words", "digits", "llama3"])("text cut in the way %s is cut alike in both", async (cut) => {
  const scratch = mkdtempSync(join(tmpdir(), "searchlight-cut-"));
  const { tokens, merges } = learnBytePairs(sampleTexts(), 700);
  const added = [{ id: tokens.length, content: "<|end|>", special: true }];
  const json = tokenizerJson({ tokens: [...tokens, "<|end|>"], merges, added, cut });
  const config = tokenizerConfig(added, { eos: "<|end|>", pad: "<|end|>", contextLength: 64, chatTemplate: "x" });
  writeFileSync(join(scratch, "tokenizer.json"), JSON.stringify(json));
  writeFileSync(join(scratch, "tokenizer_config.json"), JSON.stringify(config));
  const texts = [...awkwardTexts, ...sampleTexts().slice(0, 5)];
  const python = await pythonTokenizer(scratch, texts);
  const tokenizer = makeTokenizer(cut, json, config);
  expect(texts.map((text) => tokenizer.encodePrompt(text))).toEqual(python.ids);
  expect(python.decoded).toEqual(texts);
});

test("pairs were learnt: documents take far fewer tokens than bytes", () => {
  const read = readModelFolder(tinyModel());
  if (!read.ok) throw new Error(read.reason);
  const text = sampleTexts().join("\n");
  expect(read.model.tokenizer.encode(text).length).toBeLessThan(Buffer.byteLength(text) / 2.5);
  expect(JSON.parse(readFileSync(join(tinyModel(), "config.json"), "utf8"))).toMatchObject({ vocab_size: 2048 });
});
