import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { Recipe } from "../../protocol/recipe.ts";
import { runVersion } from "../../protocol/run.ts";
import { replaceFile } from "../durable-lines.ts";
import { whyUnread } from "../file-failure.ts";
import { RunHostError } from "./run-host.ts";
import type { RunPaths } from "./run-paths.ts";

/** What a run is: written once, before its process starts. */
export const TrainingRunManifest = z.object({
  version: z.int().min(1).max(runVersion),
  id: z.string(),
  name: z.string(),
  createdAt: z.iso.datetime(),
  /** With every default filled in, and scaled down for a dry run. */
  recipe: Recipe,
  /** SHA-256 of `recipe` as canonical JSON. */
  recipeHash: z.string(),
  /** Absolute path of the recipe's file: paths in the recipe are relative to its folder. */
  source: z.string(),
  dryRun: z.boolean(),
  /** Whoever submits again with the same key joins this run. */
  key: z.string(),
  provenance: z.object({
    searchlight: z.string(),
    platform: z.string(),
    node: z.string(),
    /** Of the recipe's folder. */
    commit: z.string().optional(),
    uncommitted: z.boolean().optional(),
  }),
});
export type TrainingRunManifest = z.infer<typeof TrainingRunManifest>;

export function writeManifest(paths: RunPaths, manifest: TrainingRunManifest): void {
  replaceFile(paths.manifest, `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** Throws `RunHostError` where there is no run, or one that this version cannot read. */
export function readManifest(paths: RunPaths): TrainingRunManifest {
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(paths.manifest, "utf8"));
  } catch (error) {
    const why = error instanceof SyntaxError ? "is no JSON" : whyUnread(error);
    throw new RunHostError(
      "damaged",
      `The run's run.json ${why}, so that nobody knows what it was; remove the run, or put that file back.`,
      { cause: error },
    );
  }
  const parsed = TrainingRunManifest.safeParse(data);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]!.path.map(String).join(".") || "the whole file";
  throw new RunHostError(
    "damaged",
    `The run's run.json was written by another version of Searchlight or is damaged at ${field}; open it with that version, or remove the run.`,
  );
}

/** SHA-256 of a value's JSON with sorted keys. */
export function hashOf(value: unknown): string {
  const sorted = JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
  return createHash("sha256").update(sorted).digest("hex");
}
