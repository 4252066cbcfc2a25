import { readFileSync } from "node:fs";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, in the system's own words; empty where the system does not tell. */
  start: string;
}

let own: string | undefined;

/** The start mark of this process. */
export function ownStart(): string {
  own ??= startOf(process.pid);
  return own;
}

/** The identity of a process that runs. */
export function identify(pid: number): ProcessIdentity {
  return { pid, start: startOf(pid) };
}

/**
 * Whether the process still runs. Where start marks cannot be read, the number alone decides. One that has ended and only waits for its
 * parent to notice does not run.
 */
export function isAlive(identity: ProcessIdentity): boolean {
  // Other numbers name groups of processes.
  if (identity.pid < 1) return false;
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: there is such a process, of another user.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const { state, start } = statOf(identity.pid);
  if (state === "Z") return false;
  // Who names a number without its mark where marks are told, as a file of a stranger might, names no process.
  return start === "" || start === identity.start;
}

function startOf(pid: number): string {
  return statOf(pid).start;
}

/**
 * Linux: state, and boot id with start time in clock ticks (`/proc/PID/stat`, fields 3 and 22). Elsewhere both are empty.
 */
function statOf(pid: number): { state: string; start: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, the command in brackets, may itself hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return { state: fields[0] ?? "", start: `${boot}/${fields[19] ?? ""}` };
  } catch {
    return { state: "", start: "" };
  }
}
