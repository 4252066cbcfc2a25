import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
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

test("pairs were learnt: documents take far fewer tokens than bytes", () => {
  const read = readModelFolder(tinyModel());
  if (!read.ok) throw new Error(read.reason);
  const text = sampleTexts().join("\n");
  expect(read.model.tokenizer.encode(text).length).toBeLessThan(Buffer.byteLength(text) / 2.5);
  expect(JSON.parse(readFileSync(join(tinyModel(), "config.json"), "utf8"))).toMatchObject({ vocab_size: 2048 });
});
