import { type ProcessIdentity, isAlive } from "../process-identity.ts";
import { type EngineHome, type EngineRecord, removeRecord } from "./engine-home.ts";
import { endGroup, endProcesses } from "./process-group.ts";

/**
 * Whether a recorded engine runs and its starter with it ("held"), runs although its starter is gone ("orphan"), or is gone ("ended").
 */
export function recordIsLive(record: EngineRecord): "held" | "orphan" | "ended" {
  if (orphansOf(record).length === 0) return "ended";
  return isAlive(record.starter) ? "held" : "orphan";
}

/** Recorded processes that still run. */
export function orphansOf({ leader, members }: EngineRecord): ProcessIdentity[] {
  const known = new Map([leader, ...members].map((identity) => [identity.pid, identity]));
  return [...known.values()].filter(isAlive);
}

/** Ends what is left of a recorded engine and forgets it. */
export async function endOrphans(home: EngineHome, record: EngineRecord): Promise<void> {
  // While the first process lives its number is the group's; afterwards only processes known by their start are touched.
  if (isAlive(record.leader)) await endGroup(record.leader.pid);
  await endProcesses(orphansOf(record));
  removeRecord(home);
}
