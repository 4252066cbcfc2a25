import { createHash } from "node:crypto";
import { z } from "zod";

/** Version of the files of a result folder. */
export const runFormat = 1;

const Hash = z.string().regex(/^[0-9a-f]{64}$/);

/** Everything that decides what a run measures, so that two runs can be told to be alike. */
export const RunManifest = z.strictObject({
  version: z.literal(runFormat),
  createdAt: z.iso.datetime(),
  data: z.strictObject({ file: z.string(), hash: Hash, questions: z.int().min(1), bad: z.int().min(0) }),
  /** `hash` is that of the ids of the questions that are asked, in order. */
  sample: z.strictObject({ limit: z.int().min(1).nullable(), questions: z.int().min(1), hash: Hash }),
  /** `hash` is null where the documents behind a server cannot be read. */
  corpus: z.strictObject({
    kind: z.enum(["folder", "passages", "snapshot", "remote"]),
    hash: Hash.nullable(),
    passages: z.int().min(0).nullable(),
  }),
  index: z.strictObject({ id: z.string(), mode: z.string(), embedder: z.string().nullable() }),
  topK: z.int().min(1),
  policy: z.strictObject({ id: z.string(), kind: z.string(), label: z.string() }),
  profile: z.strictObject({ name: z.string(), hash: Hash }),
  prompt: Hash,
  normaliser: z.string(),
  reward: z.string(),
  judge: z.strictObject({ policy: z.string(), prompt: Hash }).nullable(),
  seed: z.int(),
  versions: z.strictObject({ searchlight: z.string(), node: z.string() }),
});
export type RunManifest = z.infer<typeof RunManifest>;

/** A field of two manifests that differs, as `corpus.hash`. */
export interface Difference {
  field: string;
  first: unknown;
  second: unknown;
}

/** Fields that say when and where a run was made, not what it measures. */
const free = new Set(["createdAt", "data.file", "versions.node"]);

/** Every field in which two runs are unlike. A name in `allowed` covers the field and all below it. */
export function differences(first: RunManifest, second: RunManifest, allowed: readonly string[] = []): Difference[] {
  const one = flat(first);
  const other = flat(second);
  const covered = (field: string): boolean =>
    free.has(field) || allowed.some((name) => field === name || field.startsWith(`${name}.`));
  return [...new Set([...one.keys(), ...other.keys()])]
    .filter((field) => !covered(field) && one.get(field) !== other.get(field))
    .map((field) => ({ field, first: one.get(field) ?? null, second: other.get(field) ?? null }));
}

function flat(value: object, prefix = ""): Map<string, unknown> {
  return new Map(
    Object.entries(value).flatMap(([name, field]: [string, unknown]): [string, unknown][] =>
      typeof field === "object" && field !== null
        ? [...flat(field, `${prefix}${name}.`)]
        : [[`${prefix}${name}`, field]],
    ),
  );
}

/** SHA-256 (hex) of a text, or of a value's JSON. */
export function hashOf(value: unknown): string {
  return createHash("sha256")
    .update(typeof value === "string" ? value : JSON.stringify(value))
    .digest("hex");
}
