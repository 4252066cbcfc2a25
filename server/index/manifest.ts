import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { SkippedFile } from "../../protocol/index-status.ts";
import { passageVersion } from "../documents/passages.ts";

/** Version of the files in an index folder. */
export const indexFormat = 1;

const ManifestFile = z.object({
  /** Of the content; empty for a file that was skipped and is not read before it changes. */
  hash: z.string(),
  size: z.number(),
  modified: z.number(),
  /** Passages of the file: `[id, hash of the text that is embedded]`. */
  passages: z.array(z.tuple([z.string(), z.string()])),
});
export type ManifestFile = z.infer<typeof ManifestFile>;

const Manifest = z.object({
  format: z.literal(indexFormat),
  passageVersion: z.literal(passageVersion),
  files: z.record(z.string(), ManifestFile),
  skipped: z.array(SkippedFile),
  updatedAt: z.string(),
});
export type Manifest = z.infer<typeof Manifest>;

export type ManifestReading =
  | { kind: "ok"; manifest: Manifest }
  | { kind: "none" }
  /** Written by a later Searchlight: it must be left alone. */
  | { kind: "newer" }
  /** Unreadable or of an earlier way of cutting documents: derived data, to be built anew. */
  | { kind: "rebuild"; reason: string };

export function emptyManifest(): Manifest {
  return { format: indexFormat, passageVersion, files: {}, skipped: [], updatedAt: new Date().toISOString() };
}

/** What the index says it holds. */
export function readManifest(path: string): ManifestReading {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { kind: "none" };
    return { kind: "rebuild", reason: "The index's list of files could not be read." };
  }
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return { kind: "rebuild", reason: "The index's list of files was damaged." };
  }
  const version = z.object({ format: z.number() }).safeParse(data);
  if (version.success && version.data.format > indexFormat) return { kind: "newer" };
  const manifest = Manifest.safeParse(data);
  if (!manifest.success) return { kind: "rebuild", reason: "The index was made by another way of cutting documents." };
  return { kind: "ok", manifest: manifest.data };
}

/** Replaces the manifest in one step: a reader sees the one before or this one, never a part. */
export function writeManifest(path: string, manifest: Manifest): void {
  mkdirSync(dirname(path), { recursive: true });
  const scratch = `${path}.${process.pid}`;
  writeFileSync(scratch, JSON.stringify(manifest));
  renameSync(scratch, path);
}
