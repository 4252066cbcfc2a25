import type { FoundModel } from "../protocol/server-messages.ts";
import type { Policy } from "./models/policy.ts";
import { PolicyEngines } from "./policies/policy-engines.ts";
import { policyFolders, policyNamed } from "./policies/policy-folders.ts";
import type { Profile } from "./rollout/profile.ts";

let engines: PolicyEngines | undefined;

/** Opens a trained policy by its name. Its engine starts at the first stretch, and ends with this process. Throws `PolicyError`. */
export function openTrained(name: string, onProgress?: (line: string) => void): Policy {
  engines ??= new PolicyEngines(onProgress ? { onProgress } : {});
  return engines.open(name);
}

/** Stops the engines of the trained policies that this process opened. */
export async function closeTrained(): Promise<void> {
  await engines?.close();
  engines = undefined;
}

/** The profile that a policy was trained with; undefined for a policy that was not trained here. */
export function trainedProfile(policy: string): Profile | undefined {
  return policy.startsWith("trained:") ? policyNamed(policy.slice("trained:".length))?.record.profile : undefined;
}

/** The trained policies of this machine as models to choose from. */
export function trainedModels(): FoundModel[] {
  return policyFolders().map(({ record: { name, title } }) => ({
    policy: `trained:${name}`,
    label: title,
    server: "Trained on this machine",
  }));
}
