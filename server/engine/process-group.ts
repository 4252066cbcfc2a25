import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { type ProcessIdentity, identify, isAlive } from "../process-identity.ts";
import { runProgram } from "./run-program.ts";

/** Processes of a group, each with its start mark. Empty where the group is gone. */
export async function groupMembers(group: number): Promise<ProcessIdentity[]> {
  return (await groupPids(group)).map(identify);
}

async function groupPids(group: number): Promise<number[]> {
  if (process.platform === "linux") {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => groupOf(pid) === group);
  }
  const { stdout } = await runProgram("ps", ["-A", "-o", "pid=,pgid=,stat="], { seconds: 10 });
  return stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, pgid, state]) => Number(pgid) === group && !state?.startsWith("Z"))
    .map(([pid]) => Number(pid));
}

/** `/proc/PID/stat`: state and group are the first and third field after the name in brackets. A process that only waits to be reaped is gone. */
function groupOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : Number(group);
  } catch {
    return undefined;
  }
}

/** Whether any process of the group runs. */
export async function groupRuns(group: number): Promise<boolean> {
  return (await groupPids(group)).length > 0;
}

/**
 * Ends a group: its first process is asked, which ends the others in their order; then all are asked, then forced. Resolves when
 * none is left. The caller knows that the group is its own.
 */
export async function endGroup(group: number, seconds = 3): Promise<void> {
  send(group, "SIGTERM");
  if (await gone(group, seconds)) return;
  send(-group, "SIGTERM");
  if (await gone(group, seconds)) return;
  send(-group, "SIGKILL");
  await gone(group, 10);
}

/** Ends processes that are known one by one, as what is left of a group whose first process is gone. */
export async function endProcesses(processes: readonly ProcessIdentity[], seconds = 3): Promise<void> {
  const left = (): ProcessIdentity[] => processes.filter(isAlive);
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    for (const { pid } of left()) send(pid, signal);
    for (let waited = 0; waited < seconds && left().length > 0; waited += 0.1) await wait(100);
  }
}

async function gone(group: number, seconds: number): Promise<boolean> {
  for (let waited = 0; waited < seconds; waited += 0.1) {
    if (!(await groupRuns(group))) return true;
    await wait(100);
  }
  return !(await groupRuns(group));
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself in between.
  }
}

/** Resident memory of a process in bytes; 0 where the system does not tell. */
export function memoryOf(pid: number): number {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
