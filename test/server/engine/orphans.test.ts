import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type EngineRecord, engineHome, writeRecord } from "../../../server/engine/engine-home.ts";
import { rememberHome } from "../../../server/engine/engine-registry.ts";
import { groupMembers, groupRuns } from "../../../server/engine/process-group.ts";
import { runProgram } from "../../../server/engine/run-program.ts";
import { identify } from "../../../server/process-identity.ts";

const cli = join(import.meta.dirname, "../../../server/cli.ts");
let data: string;
let home: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "searchlight-orphans-"));
  home = join(data, "run", "engine");
  mkdirSync(home, { recursive: true });
  process.env["SEARCHLIGHT_HOME"] = data;
});

afterEach(() => {
  delete process.env["SEARCHLIGHT_HOME"];
  for (const child of children.splice(0)) {
    try {
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // Ended already.
    }
  }
  rmSync(data, { recursive: true, force: true, maxRetries: 5 });
});

/** A group of two processes, as an engine that nobody holds. */
async function group(script = "sleep 600 & exec sleep 600"): Promise<number> {
  const child = spawn("sh", ["-c", script], { detached: true, stdio: "ignore" });
  children.push(child);
  await once(child, "spawn");
  while ((await groupMembers(child.pid!)).length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  return child.pid!;
}

async function goneProcess(): Promise<{ pid: number; start: string }> {
  const child = spawn("true");
  const identity = identify(child.pid!);
  await once(child, "exit");
  return identity;
}

async function record(
  leader: number,
  starter: EngineRecord["starter"],
  owner: EngineRecord["owner"] = "run",
): Promise<void> {
  rememberHome(home);
  writeRecord(engineHome(home), {
    url: "http://127.0.0.1:9",
    model: "/models/tiny",
    backend: "jax",
    device: "cpu",
    owner,
    starter,
    leader: identify(leader),
    members: await groupMembers(leader),
    started: "2026-01-01T00:00:00.000Z",
  });
}

async function trainer(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr, code } = await runProgram(process.execPath, [cli, "trainer", ...args, "--json"], {
    seconds: 60,
  });
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test("an engine whose starter is gone is named as an orphan and ended", async () => {
  const leader = await group();
  await record(leader, await goneProcess());
  const { engines } = (await trainer("status")) as {
    engines: { state: string; processes: number[]; answers: boolean }[];
  };
  expect(engines).toMatchObject([{ state: "orphan", answers: false }]);
  expect(engines[0]!.processes).toContain(leader);
  expect(await trainer("stop")).toMatchObject({ stopped: [{ state: "orphan", home }] });
  expect(await groupRuns(leader)).toBe(false);
  expect(existsSync(join(home, "engine.json"))).toBe(false);
});

test("what is left when the first process of the group is gone is still known, and ended", async () => {
  const leader = await group();
  const starter = await goneProcess();
  await record(leader, starter);
  process.kill(leader, "SIGKILL");
  while ((await groupMembers(leader)).length === 2) await new Promise((resolve) => setTimeout(resolve, 10));
  const { engines } = (await trainer("status")) as { engines: { processes: number[] }[] };
  expect(engines[0]!.processes).toHaveLength(1);
  await trainer("stop");
  expect(await groupRuns(leader)).toBe(false);
});

test("an engine of a run that lives is left to its run, unless its folder is named", async () => {
  const leader = await group();
  await record(leader, identify(process.pid));
  expect(await trainer("stop")).toMatchObject({ stopped: [] });
  expect(await groupRuns(leader)).toBe(true);
  expect(await trainer("stop", "--home", home)).toMatchObject({ stopped: [{ state: "held" }] });
  expect(await groupRuns(leader)).toBe(false);
});

test("a record of processes that are gone, or whose numbers others have, names nothing", async () => {
  const leader = await group();
  await record(leader, await goneProcess());
  const file = join(home, "engine.json");
  // The same numbers with other starts: processes of somebody else.
  const text = readFileSync(file, "utf8").replaceAll(/"start":"([^"]*)"/g, '"start":"another/1"');
  writeFileSync(file, text);
  expect(await trainer("status")).toMatchObject({ engines: [] });
  expect(await trainer("stop")).toMatchObject({ stopped: [] });
  expect(await groupRuns(leader)).toBe(true);
  expect(readdirSync(join(data, "engines"))).toEqual([]);
});

test("a record that cannot be read is nobody's engine", async () => {
  rememberHome(home);
  for (const text of ["", "{", '{"url": 1}', "null"]) {
    writeFileSync(join(home, "engine.json"), text);
    expect(await trainer("status")).toMatchObject({ engines: [] });
    rememberHome(home);
  }
});
