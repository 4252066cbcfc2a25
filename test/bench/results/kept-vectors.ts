import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from "node:fs";
import { dirname } from "node:path";
import type { Embedder } from "../../../server/models/embedder.ts";

const hashBytes = 32;

/**
 * The embedder with its vectors of passages kept in a file, so that measuring again, or over another cut of the same texts, embeds
 * only what is new. One record a text: its SHA-256, then the vector's floats, little-endian; a record that a stop cut off is taken out.
 */
export function keptVectors(embedder: Embedder, path: string, onMade: (count: number) => void): Embedder {
  const passages = readRecords(path, embedder.dimension);
  const queries = new Map<string, Float32Array>();
  return {
    ...embedder,
    async embed(texts, kind, signal) {
      const kept = kind === "passage" ? passages : queries;
      const keys = texts.map((text) => createHash("sha256").update(text).digest("hex"));
      const missing = keys.flatMap((key, row) => (kept.has(key) ? [] : [row]));
      if (missing.length > 0) {
        const made = await embedder.embed(
          missing.map((row) => texts[row]!),
          kind,
          signal,
        );
        for (const [position, row] of missing.entries()) kept.set(keys[row]!, made[position]!);
        if (kind === "passage") {
          const records = missing.map((row) =>
            Buffer.concat([Buffer.from(keys[row]!, "hex"), Buffer.from(kept.get(keys[row]!)!.buffer)]),
          );
          mkdirSync(dirname(path), { recursive: true });
          appendFileSync(path, Buffer.concat(records));
          onMade(missing.length);
        }
      }
      return keys.map((key) => kept.get(key)!);
    },
  };
}

function readRecords(path: string, dimension: number): Map<string, Float32Array> {
  const kept = new Map<string, Float32Array>();
  if (!existsSync(path)) return kept;
  const bytes = readFileSync(path);
  const size = hashBytes + dimension * 4;
  for (let at = 0; at + size <= bytes.length; at += size) {
    const vector = new Float32Array(dimension);
    for (let index = 0; index < dimension; index++) vector[index] = bytes.readFloatLE(at + hashBytes + index * 4);
    kept.set(bytes.toString("hex", at, at + hashBytes), vector);
  }
  const whole = bytes.length - (bytes.length % size);
  if (whole < bytes.length) truncateSync(path, whole);
  return kept;
}
