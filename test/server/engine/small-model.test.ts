import { createHash } from "node:crypto";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { afterAll, expect, test } from "vitest";
import { modelFromGguf } from "../../../server/engine/gguf/from-gguf.ts";
import { readModelFolder } from "../../../server/engine/model-folder.ts";
import { findModel } from "../../../server/models/model-files.ts";

const scratch = mkdtempSync(join(tmpdir(), "searchlight-smol-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }));

test("SmolLM2-135M-Instruct becomes what the Python libraries make of it, to the byte", async () => {
  const source = findModel("smollm2-135m-instruct-q4_1", ["model.gguf"]);
  if (!source) throw new Error("The small model is not on this machine.");
  const made = modelFromGguf(join(source, "model.gguf"), join(scratch, "smol"));
  expect(made).toMatchObject({ parameters: 134_515_008, vocabulary: 49_152, contextLength: 8192 });
  // By `gguf.quants.dequantize` of the gguf library and numpy, float32, tensors in the order of their names.
  const hash = createHash("sha256");
  await pipeline(createReadStream(join(made.folder, "model.safetensors")), hash);
  expect(hash.digest("hex")).toBe("a672150fb4f99d7c8f4168cecdd464069c0ef3a37d8113f22ddb9d48031d03cd");

  const read = readModelFolder(made.folder);
  if (!read.ok) throw new Error(read.reason);
  const { tokenizer, endIds } = read.model;
  expect(endIds).toEqual([2]);
  expect(tokenizer.encodePrompt("<|im_start|>user\nIn 1969?<|im_end|>")).toEqual([
    1, 4093, 198, 788, 216, 33, 41, 38, 41, 47, 2,
  ]);
});
