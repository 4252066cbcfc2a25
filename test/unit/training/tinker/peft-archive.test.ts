import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { peftArchive, readPeft } from "../../../../server/training/tinker/peft-archive.ts";
import { readTar, writeTar } from "../../../../server/training/tinker/tar-archive.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function weights(names: readonly string[]): Uint8Array {
  const header = bytesOf(
    JSON.stringify(
      Object.fromEntries(
        names.map((name, at) => [name, { dtype: "F32", shape: [1], data_offsets: [4 * at, 4 * at + 4] }]),
      ),
    ),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(4 * names.length)]);
}

const layer = "base_model.model.model.layers.0";
const exported = (config: object, names: readonly string[]): Uint8Array =>
  gzipSync(
    writeTar([
      { name: "./adapter_config.json", bytes: bytesOf(JSON.stringify(config)) },
      { name: "./adapter_model.safetensors", bytes: weights(names) },
    ]),
  );

describe("an adapter's archive", () => {
  const names = [
    `${layer}.self_attn.q_proj.lora_A.weight`,
    `${layer}.self_attn.q_proj.lora_B.weight`,
    `${layer}.mlp.down_proj.lora_A.default.weight`,
    `${layer}.input_layernorm.weight`,
  ];

  it("is filled in with what PEFT asks for, and keeps its weights byte by byte", () => {
    const filled = peftArchive(exported({ r: 8, lora_alpha: 32, target_modules: null }, names), "base");
    const { config, weights: kept } = readPeft(filled);
    expect(config).toMatchObject({
      r: 8,
      lora_alpha: 32,
      peft_type: "LORA",
      task_type: "CAUSAL_LM",
      base_model_name_or_path: "base",
      target_modules: ["down_proj", "q_proj"],
    });
    expect(Buffer.from(kept).equals(Buffer.from(weights(names)))).toBe(true);
  });

  it.each<[string, Uint8Array]>([
    ["is no gzip", bytesOf("no archive")],
    ["lacks its configuration", gzipSync(writeTar([{ name: "adapter_model.safetensors", bytes: weights([]) }]))],
    ["has no rank", exported({ lora_alpha: 32 }, names)],
    ["is cut off", gzipSync(gunzipSync(exported({ r: 8, lora_alpha: 32 }, names)).subarray(0, 700))],
  ])("that %s is an error", (_, archive) => {
    expect(() => peftArchive(archive, "base")).toThrow(
      expect.objectContaining({ name: "EngineError", kind: "bad-response" }) as Error,
    );
  });

  it("whose weights have a header beyond their end is an error", () => {
    const broken = Buffer.from(weights(names));
    broken.writeBigUInt64LE(1n << 40n);
    const archive = gzipSync(
      writeTar([
        { name: "adapter_config.json", bytes: bytesOf('{"r":8,"lora_alpha":32}') },
        { name: "adapter_model.safetensors", bytes: broken },
      ]),
    );
    expect(() => peftArchive(archive, "base")).toThrow(
      expect.objectContaining({
        kind: "bad-response",
        message: expect.stringMatching(/weights cannot be read/),
      }) as Error,
    );
  });
});

describe("a tar archive", () => {
  const files = [
    { name: "one.json", bytes: bytesOf("{}") },
    { name: "folder/two.bin", bytes: Buffer.alloc(1025, 7) },
    { name: "empty", bytes: new Uint8Array() },
  ];

  it("is read back as it was written, and by the system's tar", () => {
    expect(readTar(writeTar(files)).map(({ name, bytes }) => [name, [...bytes]])).toEqual(
      files.map(({ name, bytes }) => [name, [...bytes]]),
    );
    const folder = mkdtempSync(join(tmpdir(), "searchlight-tar-"));
    try {
      writeFileSync(join(folder, "a.tar"), writeTar(files));
      execFileSync("tar", ["-xf", "a.tar"], { cwd: folder });
      for (const { name, bytes } of files) expect([...readFileSync(join(folder, name))]).toEqual([...bytes]);
      execFileSync("tar", ["-cf", "b.tar", "one.json", "folder"], { cwd: folder });
      expect(readTar(readFileSync(join(folder, "b.tar"))).map(({ name }) => name)).toEqual([
        "one.json",
        "folder/two.bin",
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("that is cut off is an error", () => {
    const whole = writeTar(files);
    for (let at = 0; at <= whole.length - 1024; at += 100)
      expect(() => readTar(whole.subarray(0, at)), `cut at ${at}`).toThrow(RangeError);
  });
});
