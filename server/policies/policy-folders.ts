import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { dataHome } from "../home.ts";
import { Profile } from "../rollout/profile.ts";

/** Version of `policy.json`. */
export const policyVersion = 1;

const Name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,79}$/);

/** A trained policy: what `policy.json` in its folder says. Its weights are in `model`, its adapter alone in `adapter`. */
export const PolicyRecord = z.object({
  version: z.int().min(1).max(policyVersion),
  name: Name,
  /** For people: "Searchlight small, trained on this machine". */
  title: z.string().min(1).max(200),
  about: z.string().max(2000).optional(),
  createdAt: z.iso.datetime(),
  run: z.string(),
  checkpoint: z.string(),
  /** Iterations of reinforcement learning behind it. */
  iteration: z.int().min(0),
  /** Of the run's evaluation, where there was one. */
  score: z.number().optional(),
  metric: z.string().optional(),
  /** Name of the base model. */
  base: z.string(),
  /** How it was trained to write: other profiles are strange to it. */
  profile: Profile,
  /** Longest transcript that it was trained on, in tokens. */
  contextTokens: z.int().min(1).optional(),
});
export type PolicyRecord = z.infer<typeof PolicyRecord>;

export interface PolicyFolder {
  readonly folder: string;
  /** Folder of the whole model, which the engine and other programs load. */
  readonly model: string;
  readonly record: PolicyRecord;
}

/** Where trained policies are kept. */
export function policiesHome(): string {
  return join(dataHome(), "policies");
}

/** All trained policies of this machine, by name. Folders without a readable `policy.json` are left out. */
export function policyFolders(home = policiesHome()): PolicyFolder[] {
  let names: string[];
  try {
    names = readdirSync(home);
  } catch {
    return [];
  }
  return names.toSorted().flatMap((name) => policyNamed(name, home) ?? []);
}

/** The trained policy of that name; undefined where there is none that can be read. */
export function policyNamed(name: string, home = policiesHome()): PolicyFolder | undefined {
  // A name becomes a path; what is no name must not.
  if (!Name.safeParse(name).success) return undefined;
  const folder = join(home, name);
  try {
    const record = PolicyRecord.parse(JSON.parse(readFileSync(join(folder, "policy.json"), "utf8")));
    return record.name === name ? { folder, model: join(folder, "model"), record } : undefined;
  } catch {
    return undefined;
  }
}
