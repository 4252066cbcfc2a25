import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { makeTinyModel } from "../../../server/engine/make-tiny.ts";
import { readModelFolder } from "../../../server/engine/model-folder.ts";
import { modelFolders, modelNamed } from "../../../server/engine/model-folders.ts";

let home: string;
let folder: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "searchlight-models-"));
  folder = join(home, "tiny");
  makeTinyModel(folder, { texts: ["some words"], vocabulary: 320, hidden: 32, layers: 1 });
});

function edit(file: string, change: (json: Record<string, unknown>) => void): void {
  const path = join(folder, file);
  const json = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  change(json);
  writeFileSync(path, JSON.stringify(json));
}

test("a whole folder is read with its sizes and its tokenizer", () => {
  const read = readModelFolder(folder);
  expect(read).toMatchObject({ ok: true, model: { name: "tiny", vocabulary: 320, contextLength: 2048, endIds: [2] } });
});

test.each<[string, () => void, RegExp]>([
  ["no configuration", () => rmSync(join(folder, "config.json")), /no config.json; make one with searchlight/],
  ["a broken configuration", () => writeFileSync(join(folder, "config.json"), "{"), /config.json that cannot be read/],
  ["a missing size", () => edit("config.json", (json) => delete json["vocab_size"]), /vocab_size/],
  [
    "another architecture",
    () => edit("config.json", (json) => (json["architectures"] = ["GPT2LMHeadModel"])),
    /GPT2LMHeadModel model, which the jax engine does not load/,
  ],
  ["no number type", () => edit("config.json", (json) => delete json["torch_dtype"]), /weights of type unknown/],
  ["no weights", () => rmSync(join(folder, "model.safetensors")), /no \*.safetensors/],
  ["no tokenizer", () => rmSync(join(folder, "tokenizer.json")), /no tokenizer.json/],
  ["no tokenizer configuration", () => rmSync(join(folder, "tokenizer_config.json")), /no tokenizer_config.json/],
  [
    "a tokenizer of another form",
    () => writeFileSync(join(folder, "tokenizer.json"), "{}"),
    /tokenizer.json of a form/,
  ],
])("%s is said in one sentence", (_what, spoil, reason) => {
  spoil();
  const read = readModelFolder(folder);
  expect(read).toMatchObject({ ok: false, reason: expect.stringMatching(reason) });
});

test("Qwen2 is loaded by the GPU backends and not by jax", () => {
  edit("config.json", (json) => (json["architectures"] = ["Qwen2ForCausalLM"]));
  expect(readModelFolder(folder, "jax").ok).toBe(false);
  expect(readModelFolder(folder, "fsdp").ok).toBe(true);
});

test.each(["config.json", "tokenizer_config.json", "preprocessor_config.json", "adapter_config.json"])(
  "a folder that names programs, or another folder, is not loaded by the backends that would follow it: %s",
  (file) => {
    if (!existsSync(join(folder, file))) writeFileSync(join(folder, file), "{}");
    edit(file, (json) => (json["auto_map"] = { AutoTokenizer: ["own.Tokenizer", null] }));
    writeFileSync(join(folder, "own.py"), "raise SystemExit\n");
    for (const backend of ["fsdp", "megatron"] as const)
      expect(readModelFolder(folder, backend)).toEqual({
        ok: false,
        reason: expect.stringMatching(/holds a \w+\.json.* would run programs .*; take a model without it.*\.$/),
      });
    expect(readModelFolder(folder, "jax").ok).toBe(true);
  },
);

test("models are found by name in their home and by path anywhere", () => {
  cpSync(folder, join(home, "other"), { recursive: true });
  expect(modelFolders(home).map(({ name }) => name)).toEqual(["other", "tiny"]);
  expect(modelNamed("tiny", "/nowhere", home)).toBe(folder);
  expect(modelNamed("other", home, "/nowhere")).toBe(join(home, "other"));
  expect(modelNamed("third", home, home)).toBeUndefined();
});
