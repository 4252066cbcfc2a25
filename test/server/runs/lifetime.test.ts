import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { identify, isAlive } from "../../../server/process-identity.ts";
import { LocalRunHost } from "../../../server/runs/local-host.ts";
import { all, launched, scriptedCommand, scriptedHost, soon, until } from "./scripted-host.ts";

let made: ReturnType<typeof scriptedHost>[] = [];
function fresh(env: NodeJS.ProcessEnv = {}) {
  const host = scriptedHost(env);
  made.push(host);
  return host;
}
afterEach(() => {
  for (const { remove } of made) remove();
  made = [];
});

test("a run goes from launch to its end, and its folder tells all of it", async () => {
  const { host, recipe, open, home } = fresh();
  const id = await launched(host, recipe(), "key-0001");
  const events = await all(host, id);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
  expect(events[0]).toMatchObject({ type: "launched", resumed: false });
  expect(events.at(-1)).toMatchObject({ type: "done", outcome: "done" });
  expect(events.at(-2)).toMatchObject({ type: "log", level: "info", message: expect.stringContaining("has ended") });
  const another = open();
  expect(await another.list(soon())).toMatchObject([
    { id, state: "done", iteration: 3, iterations: 3, checkpoints: 3, events: events.length, reward: 0.2 },
  ]);
  const details = await another.details(id, soon());
  expect(details.checkpoints.map(({ name }) => name)).toEqual(["c1", "c2", "c3"]);
  expect(Buffer.from(await another.adapter(id, "c2", soon())).toString()).toBe("weights 2");
  expect((await another.trajectories(id, { ids: ["t2", "none", "t0"] }, soon())).map((one) => one.id)).toEqual([
    "t2",
    "t0",
  ]);
  expect((await another.trajectories(id, { latest: 2 }, soon())).map((one) => one.id)).toEqual(["t1", "t2"]);
  expect((await another.log(id, 1, soon())).join("")).toContain("done: All iterations are done.");
  expect(readFileSync(join(home, id, "recipe.jsonc"), "utf8")).toContain("// A small run.");
  await expect(host.resume(id, soon())).rejects.toMatchObject({ kind: "refused" });
});

test("the run outlives the process that launched it: it has a session of its own", async () => {
  const { host, recipe, home } = fresh();
  const id = await launched(host, recipe({ phase: 200 }), "key-0002");
  const { pid } = JSON.parse(readFileSync(join(home, id, "process.json"), "utf8")) as { pid: number };
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  expect([Number(stat[2]), Number(stat[3])]).toEqual([pid, pid]);
  await host.act(id, "stop", soon());
  expect((await all(host, id)).at(-1)).toMatchObject({ outcome: "stopped" });
});

test("pause holds a run, resume lets it go on, stop saves and ends it", async () => {
  const { host, recipe, lines } = fresh();
  const id = await launched(host, recipe({ phase: 30, every: 100 }, 1000), "key-0003");
  await until(host, id, ({ type }) => type === "iteration");
  await host.act(id, "pause", soon());
  const paused = await until(host, id, (event) => event.type === "state" && event.state === "paused");
  expect((await host.details(id, soon())).summary.state).toBe("paused");
  const steps = lines(id, "steps.log").length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(lines(id, "steps.log")).toHaveLength(steps);
  await host.act(id, "resume", soon());
  await until(host, id, ({ type }) => type === "iteration", paused.seq);
  await host.act(id, "checkpoint", soon());
  await until(host, id, ({ type }) => type === "checkpoint", paused.seq);
  await host.act(id, "stop", soon());
  const events = await all(host, id);
  expect(events.at(-1)).toMatchObject({ type: "done", outcome: "stopped" });
  const done = events.filter(({ type }) => type === "iteration").length;
  expect((await host.details(id, soon())).checkpoints.at(-1)).toMatchObject({ iteration: done });
  await expect(host.act(id, "pause", soon())).rejects.toMatchObject({ kind: "refused" });
});

test("a killed run is seen as crashed, and goes on from its last checkpoint without doing anything acknowledged again", async () => {
  const { host, recipe, lines, home } = fresh();
  const id = await launched(host, recipe({ phase: 25, every: 2 }, 6), "key-0004");
  await until(host, id, (event) => event.type === "phase" && event.iteration === 3 && event.phase === "train");
  const { pid, address } = JSON.parse(readFileSync(join(home, id, "process.json"), "utf8")) as {
    pid: number;
    address: string;
  };
  expect(statSync(address).mode & 0o777).toBe(0o600);
  const identity = identify(pid);
  process.kill(pid, "SIGKILL");
  while (isAlive(identity)) await new Promise((resolve) => setTimeout(resolve, 10));
  const { summary } = await host.details(id, soon());
  expect(summary).toMatchObject({ state: "crashed", reason: expect.stringContaining("resume") });
  const before = summary.events;
  // A half-written tail, as a crash in the middle of a write leaves it.
  writeFileSync(join(home, id, "events.jsonl"), '{"seq":9999,"at":"20', { flag: "a" });
  writeFileSync(join(home, id, "trajectories.jsonl"), '{"version":1,"id":"half', { flag: "a" });
  await host.resume(id, soon());
  const events = await all(host, id);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
  expect(events[before]).toMatchObject({ type: "launched", resumed: true });
  expect(existsSync(address)).toBe(false);
  const acknowledged = events.slice(0, before).findLast((event) => event.type === "checkpoint")?.checkpoint.iteration;
  const again = events.slice(before).flatMap((event) => (event.type === "iteration" ? [event.iteration] : []));
  expect(acknowledged).toBe(2);
  expect(again).toEqual([2, 3, 4, 5]);
  expect(events.find(({ type }) => type === "abandoned")).toMatchObject({ iteration: 1 });
  expect(events.at(-1)).toMatchObject({ type: "done", outcome: "done" });
  // Iterations 0 and 1 were acknowledged: each was trained once.
  expect(lines(id, "steps.log").filter((step) => step === "0" || step === "1")).toEqual(["0", "1"]);
  expect((await host.trajectories(id, { latest: 10 }, soon())).map((one) => one.id)).toEqual([
    "t0",
    "t1",
    "t2",
    "t3",
    "t4",
    "t5",
  ]);
});

test("of two resumes at once one wins and the other is told that the run is done already", async () => {
  const { host, open, recipe, home } = fresh();
  const id = await launched(host, recipe({ phase: 40 }, 20), "key-0005");
  await until(host, id, ({ type }) => type === "checkpoint");
  const { pid } = JSON.parse(readFileSync(join(home, id, "process.json"), "utf8")) as { pid: number };
  process.kill(pid, "SIGKILL");
  const identity = identify(pid);
  while (isAlive(identity)) await new Promise((resolve) => setTimeout(resolve, 10));
  const both = await Promise.allSettled([host.resume(id, soon()), open().resume(id, soon())]);
  expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(both.find(({ status }) => status === "rejected")).toMatchObject({ reason: { kind: "busy" } });
  await host.act(id, "stop", soon());
  const events = await all(host, id);
  expect(events.filter(({ type }) => type === "launched")).toHaveLength(2);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
});

test("the same submission twice, at once or later, is one run", async () => {
  const { host, open, recipe } = fresh();
  const file = recipe();
  const launches = await Promise.all(
    [host, open(), open()].map((one) => one.launch(file, { key: "same-key" }, soon())),
  );
  const ids = launches.map((launch) => launch.ok && launch.id);
  expect(new Set(ids).size).toBe(1);
  expect(launches.filter((launch) => launch.ok && !launch.joined)).toHaveLength(1);
  expect(await host.list(soon())).toHaveLength(1);
  await all(host, ids[0] as string);
  expect(await host.launch(file, { key: "same-key" }, soon())).toMatchObject({ ok: true, id: ids[0], joined: true });
});

test("a process that dies before it can be reached fails the launch with its last words and leaves no run", async () => {
  const { host, recipe } = fresh({ SEARCHLIGHT_SCRIPT_DIES: "1" });
  await expect(host.launch(recipe(), { key: "key-0006" }, soon())).rejects.toMatchObject({
    kind: "refused",
    message: expect.stringContaining("cannot start on this machine"),
  });
  expect(await host.list(soon())).toEqual([]);
});

test("a recipe that cannot be opened ends the run as failed, with the reason", async () => {
  const { host, recipe } = fresh();
  const id = await launched(host, recipe({ refuse: "The corpus is missing; name another folder." }), "key-0007");
  expect((await all(host, id)).at(-1)).toMatchObject({
    outcome: "failed",
    reason: expect.stringContaining("corpus is missing"),
  });
});

test("an engine that dies is started again, and the run goes on from its last checkpoint", async () => {
  const { host, recipe, lines } = fresh();
  const id = await launched(host, recipe({ engineDiesIn: 2, every: 2 }, 4), "key-0008");
  const events = await all(host, id);
  expect(events.at(-1)).toMatchObject({ outcome: "done" });
  expect(events.some((event) => event.type === "log" && event.message.includes("started again"))).toBe(true);
  expect(lines(id, "steps.log")).toEqual(["0", "1", "2", "3"]);
  const engines = lines(id, "engines.log").map(Number);
  expect(engines).toHaveLength(2);
  expect(engines.filter((pid) => isAlive(identify(pid)))).toEqual([]);
});

test("a run whose engine elsewhere is lost pauses with the reason and goes on from its last checkpoint when told to", async () => {
  const { host, recipe, lines } = fresh();
  const engine = { kind: "remote", url: "http://127.0.0.1:9", samplingWidth: 8 } as const;
  const id = await launched(host, recipe({ unreachableIn: 3, every: 2 }, 5, { engine }), "key-0011");
  const paused = await until(host, id, (event) => event.type === "state" && event.state === "paused");
  expect(paused).toMatchObject({ reason: expect.stringContaining("does not answer") });
  expect((await host.details(id, soon())).summary).toMatchObject({ state: "paused", reason: expect.any(String) });
  await host.act(id, "resume", soon());
  const events = await all(host, id);
  expect(events.at(-1)).toMatchObject({ outcome: "done" });
  expect(events.find(({ type }) => type === "abandoned")).toMatchObject({ iteration: 1 });
  expect(lines(id, "steps.log")).toEqual(["0", "1", "2", "2", "3", "4"]);
});

test("SIGTERM stops a run with a checkpoint", async () => {
  const { host, recipe, home } = fresh();
  const id = await launched(host, recipe({ phase: 30, every: 1000 }, 1000), "key-0009");
  await until(host, id, ({ type }) => type === "iteration");
  const { pid } = JSON.parse(readFileSync(join(home, id, "process.json"), "utf8")) as { pid: number };
  process.kill(pid, "SIGTERM");
  const events = await all(host, id);
  expect(events.at(-1)).toMatchObject({ outcome: "stopped" });
  expect(events.filter(({ type }) => type === "checkpoint")).toHaveLength(1);
});

test("a living run is not removed; one that ended is, with its key", async () => {
  const { host, recipe } = fresh();
  const file = recipe({ phase: 40 }, 50);
  const id = await launched(host, file, "key-0010");
  await expect(host.remove(id, soon())).rejects.toMatchObject({ kind: "busy" });
  await host.act(id, "stop", soon());
  await all(host, id);
  const identity = identify(
    (await all(host, id)).flatMap((event) => (event.type === "launched" ? [event.pid] : []))[0]!,
  );
  while (isAlive(identity)) await new Promise((resolve) => setTimeout(resolve, 10));
  await host.remove(id, soon());
  await expect(host.details(id, soon())).rejects.toMatchObject({ kind: "unknown-run" });
  const second = await host.launch(file, { key: "key-0010" }, soon());
  expect(second).toMatchObject({ ok: true, joined: false });
  if (second.ok) await host.act(second.id, "stop", soon());
  if (second.ok) await all(host, second.id);
});

test.each([
  ["no JSON", (file: string) => writeFileSync(file, "{ half"), /run\.json is no JSON, .* remove the run/],
  [
    "another version",
    (file: string) => writeFileSync(file, '{"version":99}'),
    /another version .* at version; open it/,
  ],
  ["gone", (file: string) => rmSync(file), /run\.json does not exist, .* remove the run/],
])(
  "a run whose description is damaged is listed with the reason, and can be removed: %s",
  async (_, damage, reason) => {
    const { host, recipe, open, home } = fresh();
    const file = recipe();
    const id = await launched(host, file, "key-0011");
    const events = await all(host, id);
    damage(join(home, id, "run.json"));
    const another = open();
    const [listed, ...more] = await another.list(soon());
    expect(more).toEqual([]);
    expect(listed).toMatchObject({ id, name: id, state: "damaged", iteration: 3, events: events.length });
    expect(listed!.reason).toMatch(reason);
    expect(Math.abs(Date.parse(listed!.createdAt) - Date.now())).toBeLessThan(300_000);
    for (const ask of [
      () => another.details(id, soon()),
      () => another.resume(id, soon()),
      () => another.act(id, "pause", soon()),
    ])
      await expect(ask()).rejects.toMatchObject({ kind: "damaged", message: expect.stringMatching(reason) });
    await another.remove(id, soon());
    expect(existsSync(join(home, id))).toBe(false);
    expect(await open().list(soon())).toEqual([]);
    // Its key is free as well.
    const second = await open().launch(file, { key: "key-0011" }, soon());
    expect(second).toMatchObject({ ok: true, joined: false });
    if (second.ok) await all(open(), second.id);
  },
);

test("a run's folder that was copied is a run of its own: what is done to it is not done to the other", async () => {
  const { host, recipe, open, home } = fresh();
  const file = recipe({}, 1);
  const id = await launched(host, file, "key-0013");
  await all(host, id);
  const copy = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  cpSync(join(home, id), join(home, copy), { recursive: true });
  const another = open();
  expect((await another.list(soon())).map((run) => run.id)).toEqual([id, copy]);
  expect((await another.details(copy, soon())).summary.id).toBe(copy);
  await another.remove(copy, soon());
  expect((await another.list(soon())).map((run) => run.id)).toEqual([id]);
  // The key is still the first one's.
  expect(await another.launch(file, { key: "key-0013" }, soon())).toEqual({ ok: true, id, joined: true });
});

test("a run is launched also where SEARCHLIGHT_HOME is no whole path", async () => {
  const { recipe, folder } = fresh();
  vi.stubEnv("SEARCHLIGHT_HOME", relative(process.cwd(), join(folder, "data")));
  try {
    const host = new LocalRunHost({ command: scriptedCommand, check: async () => ({ problems: [] }) });
    const id = await launched(host, recipe({}, 1), "key-0015");
    expect((await all(host, id)).at(-1)).toMatchObject({ outcome: "done" });
    expect((await host.details(id, soon())).folder).toBe(join(folder, "data", "runs", id));
  } finally {
    vi.unstubAllEnvs();
  }
});

test("what lies among the runs and is no folder is no run, and is left alone", async () => {
  const { host, home } = fresh();
  const id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, id), "no run");
  expect(await host.list(soon())).toEqual([]);
  await expect(host.remove(id, soon())).rejects.toMatchObject({ kind: "unknown-run" });
  expect(readFileSync(join(home, id), "utf8")).toBe("no run");
});

test("removing a run whose folder is a link, or has links in it, removes nothing that they lead to", async () => {
  const { host, recipe, home, folder } = fresh();
  const id = await launched(host, recipe({}, 1), "key-0014");
  await all(host, id);
  const elsewhere = join(folder, "elsewhere");
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, "kept.txt"), "kept");
  symlinkSync(elsewhere, join(home, id, "adapters", "link"));
  await host.remove(id, soon());
  const linked = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  symlinkSync(elsewhere, join(home, linked));
  expect(await host.list(soon())).toMatchObject([{ id: linked, state: "damaged" }]);
  await host.remove(linked, soon());
  expect(await host.list(soon())).toEqual([]);
  expect(readFileSync(join(elsewhere, "kept.txt"), "utf8")).toBe("kept");
});

test("a damaged run that lives is stopped and not removed", async () => {
  const { host, recipe, open, home } = fresh();
  const id = await launched(host, recipe({ phase: 40 }, 50), "key-0012");
  writeFileSync(join(home, id, "run.json"), "");
  const another = open();
  expect(await another.list(soon())).toMatchObject([{ id, state: "damaged" }]);
  await expect(another.remove(id, soon())).rejects.toMatchObject({ kind: "busy" });
  await another.act(id, "stop", soon());
  const { pid } = JSON.parse(readFileSync(join(home, id, "process.json"), "utf8")) as { pid: number };
  const identity = identify(pid);
  while (isAlive(identity)) await new Promise((resolve) => setTimeout(resolve, 10));
  await another.remove(id, soon());
  expect(await another.list(soon())).toEqual([]);
});

test("ids that are no ULIDs never become paths", async () => {
  const { host } = fresh();
  for (const id of ["../../etc", "..", "", "01ARZ3NDEKTSV4RRFFQ69G5FA/"])
    await expect(host.details(id, soon())).rejects.toMatchObject({ kind: "unknown-run" });
});
