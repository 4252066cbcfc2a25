import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dequantise, packings } from "../../../server/engine/gguf/dequantise.ts";

/** Random blocks and what the `gguf` library (0.19, `gguf.quants.dequantize`) makes of them, float32 little-endian. */
const golden = JSON.parse(readFileSync(join(import.meta.dirname, "quantised-blocks.json"), "utf8")) as Record<
  string,
  { type: number; bytes: string; values: string }
>;

test.each(Object.entries(golden))("%s is unpacked as ggml does", (name, { type, bytes, values }) => {
  const packing = packings.get(type)!;
  expect(packing.name).toBe(name);
  const expected = new Float32Array(new Uint8Array(Buffer.from(values, "hex")).buffer);
  const got = dequantise(packing, new Uint8Array(Buffer.from(bytes, "hex")));
  expect(got).toHaveLength(expected.length);
  // Sums are rounded once here and, in the K forms, twice there.
  for (const [index, value] of expected.entries())
    expect(Math.abs(got[index]! - value)).toBeLessThanOrEqual(Math.abs(value) * 2e-6 + 1e-6);
});

test("every packing but plain float32 is covered", () => {
  expect(new Set([...packings.values()].map(({ name }) => name))).toEqual(new Set(["F32", ...Object.keys(golden)]));
});
