import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ulid } from "ulid";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openTrajectoryStore } from "../../../server/trajectories/store.ts";
import { loadLance } from "../../../server/lance.ts";
import { summarise } from "../../../server/trajectories/summary.ts";
import { canPack, packTokens, unpackTokens } from "../../../server/trajectories/token-columns.ts";
import { trainedTrajectory } from "../../fixtures/trained-trajectory.ts";
import { sampleTrajectory } from "../../fixtures/trajectory.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "store-"));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

describe("the trajectory store", () => {
  test("gives back what was finished, latest first, after reopening", async () => {
    const first = sampleTrajectory({ id: ulid(1_000) });
    const second = sampleTrajectory({ id: ulid(2_000), question: "It's \"quoted\"; DROP 'it'" });
    const store = await openTrajectoryStore(home);
    for (const trajectory of [first, second]) {
      const record = store.record(trajectory.id);
      record.append({ type: "snapshot", trajectory: { ...trajectory, status: "running" } });
      await record.finish(trajectory);
    }
    store.close();

    const reopened = await openTrajectoryStore(home);
    expect((await reopened.list(10)).map((row) => row.id)).toEqual([second.id, first.id]);
    expect(await reopened.get(second.id)).toEqual(second);
    expect(await reopened.list(1)).toHaveLength(1);
    reopened.close();
  });

  test("shows a running trajectory as running to another opener, with every event so far", async () => {
    const trajectory = sampleTrajectory({ status: "running" });
    const writer = await openTrajectoryStore(home);
    const record = writer.record(trajectory.id);
    record.append({ type: "snapshot", trajectory });
    record.append({ type: "notice", message: "something happened" });

    const reader = await openTrajectoryStore(home);
    expect(await reader.get(trajectory.id)).toMatchObject({ status: "running", notices: ["something happened"] });
    await record.finish({ ...trajectory, status: "done" });
    expect((await reader.list(5))[0]).toMatchObject({ id: trajectory.id, status: "done" });
    writer.close();
    reader.close();
  });

  test("marks the trajectory of a killed process as interrupted and keeps what it had", async () => {
    const trajectory = sampleTrajectory({ status: "running" });
    const script = `
      import { openTrajectoryStore } from ${JSON.stringify(join(process.cwd(), "server/trajectories/store.ts"))};
      const store = await openTrajectoryStore(${JSON.stringify(home)});
      const record = store.record(${JSON.stringify(trajectory.id)});
      record.append({ type: "snapshot", trajectory: ${JSON.stringify(trajectory)} });
      record.append({ type: "text", delta: "half a thou", from: 2, segments: [{ kind: "think", origin: "policy", start: ${trajectory.text.length}, end: ${trajectory.text.length + 11}, turn: 0 }] });
      console.log("written");
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");

    const store = await openTrajectoryStore(home);
    const kept = await store.get(trajectory.id);
    expect(kept).toMatchObject({ status: "interrupted", stop: { reason: "interrupted" } });
    expect(kept?.text.endsWith("half a thou")).toBe(true);
    expect(readdirSync(join(home, "running"))).toEqual([]);
    store.close();
  });

  test("a torn last line of a journal loses that line alone", async () => {
    const trajectory = sampleTrajectory({ status: "running" });
    mkdirSync(join(home, "running"));
    const lines = [
      JSON.stringify({ pid: 2 ** 22 + 1, start: "gone" }),
      JSON.stringify({ type: "snapshot", trajectory }),
      JSON.stringify({ type: "notice", message: "kept" }),
      '{"type":"notice","mess',
    ];
    writeFileSync(join(home, "running", `${trajectory.id}.jsonl`), lines.join("\n"));
    const reopened = await openTrajectoryStore(home);
    expect(await reopened.get(trajectory.id)).toMatchObject({ status: "interrupted", notices: ["kept"] });
    reopened.close();
  });

  test("an id is never a path", async () => {
    const store = await openTrajectoryStore(home);
    expect(() => store.record("../../outside")).toThrow("not a ULID");
    expect(await store.get("../../outside")).toBeUndefined();
    expect(await store.get("' OR 1=1 --")).toBeUndefined();
    store.close();
  });

  test("two processes' worth of stores add at the same time without losing a trajectory", async () => {
    const stores = await Promise.all([openTrajectoryStore(home), openTrajectoryStore(home)]);
    const given = Array.from({ length: 10 }, (_, index) => sampleTrajectory({ id: ulid(index + 1) }));
    await Promise.all(given.map((trajectory, index) => stores[index % 2]!.add(trajectory)));
    const listed = (await stores[0].list(100)).map((row) => row.id);
    expect(listed.sort()).toEqual(given.map((trajectory) => trajectory.id).sort());
    for (const store of stores) store.close();
  });

  test("opens and lists what can be read beside damaged rows, odd files and journals that speak of another trajectory", async () => {
    const good = sampleTrajectory({ id: ulid(1_000) });
    const store = await openTrajectoryStore(home);
    await store.add(good);
    store.close();

    const lance = await import("@lancedb/lancedb");
    const table = await (await lance.connect(join(home, "table"))).openTable("trajectories");
    await table.add([
      { id: ulid(2_000), summary: "{", record: "{" },
      { id: ulid(3_000), summary: JSON.stringify({ id: 7 }), record: "null" },
    ]);
    table.close();
    const running = join(home, "running");
    const owner = JSON.stringify({ pid: 4_194_304, start: "gone" });
    mkdirSync(join(running, `${ulid(4_000)}.jsonl`));
    const impostor = { type: "done", trajectory: { ...good, question: "written over" } };
    writeFileSync(join(running, `${ulid(5_000)}.jsonl`), `${owner}\n${JSON.stringify(impostor)}\n`);
    const later = join(running, `${ulid(6_000)}.jsonl`);
    writeFileSync(later, `${owner}\n{"type":"an event of a later version"}\n`);
    const empty = join(running, `${ulid(7_000)}.jsonl`);
    writeFileSync(empty, `${owner}\n`);
    for (const name of readdirSync(running)) utimesSync(join(running, name), 1, 1);

    const reopened = await openTrajectoryStore(home);
    expect((await reopened.list(10)).map(({ id, question }) => [id, question])).toEqual([[good.id, good.question]]);
    expect(await reopened.get(good.id)).toEqual(good);
    expect(await reopened.get(ulid(2_000))).toBeUndefined();
    expect([existsSync(later), existsSync(empty)]).toEqual([true, false]);
    reopened.close();
  });
});

describe("the tokens of a stored trajectory", () => {
  const { trajectory } = trainedTrajectory();

  test("come back as they were, from a column of bytes", async () => {
    const store = await openTrajectoryStore(home);
    await store.add(trajectory);
    expect(await store.get(trajectory.id)).toEqual(trajectory);
    store.close();
    const reopened = await openTrajectoryStore(home);
    expect(await reopened.get(trajectory.id)).toEqual(trajectory);
    reopened.close();
  });

  test("pack without loss, and bytes that are none give none", () => {
    const tokens = {
      ...trajectory.tokens!,
      logprobs: trajectory.tokens!.ids.map((id) => (id % 3 === 0 ? null : -id / 7)),
    };
    expect(unpackTokens(packTokens(tokens))).toEqual(tokens);
    expect(packTokens(tokens).length).toBeLessThan(JSON.stringify(tokens).length * 2);
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.alloc(3),
      Buffer.from("no tokens at all"),
      packTokens(tokens).subarray(9),
    ])
      expect(unpackTokens(bytes)).toBeUndefined();
    expect(unpackTokens(packTokens(tokens).subarray(0, -1))).toBeUndefined();
    expect(canPack({ tokenizer: "t", ids: [2 ** 32] })).toBe(false);
    expect(canPack({ tokenizer: "t", ids: [1], logprobs: [1, 2] })).toBe(false);
  });

  test("are read from the records of a table that has no such column, and go into it from then on", async () => {
    const load = await loadLance();
    if (!load.ok) return;
    const { connect } = load.lance;
    const connection = await connect(join(home, "table"));
    const row = {
      id: trajectory.id,
      summary: JSON.stringify(summarise(trajectory)),
      record: JSON.stringify(trajectory),
    };
    (await connection.createTable("trajectories", [row])).close();
    const store = await openTrajectoryStore(home);
    expect(await store.get(trajectory.id)).toEqual(trajectory);
    const later = { ...trajectory, id: ulid(5_000) };
    await store.add(later);
    expect(await store.get(later.id)).toEqual(later);
    expect(await store.list(5)).toHaveLength(2);
    store.close();
    const table = await connection.openTable("trajectories");
    const rows = (await table.query().select(["id", "record", "tokens"]).toArray()) as { id: string; record: string }[];
    expect(rows.find(({ id }) => id === later.id)!.record).not.toContain('"tokens"');
  });

  test("a store of many trajectories is folded together", async () => {
    const load = await loadLance();
    if (!load.ok) return;
    const ids = Array.from({ length: 55 }, (_, index) => ulid(10_000 + index));
    const store = await openTrajectoryStore(home);
    for (const id of ids) await store.add({ ...trajectory, id });
    store.close();
    const reopened = await openTrajectoryStore(home);
    const table = await (await load.lance.connect(join(home, "table"))).openTable("trajectories");
    expect((await table.stats()).fragmentStats.numFragments).toBeLessThan(5);
    expect(await reopened.get(ids[30]!)).toEqual({ ...trajectory, id: ids[30] });
    const later = { ...trajectory, id: ulid(99_000) };
    await reopened.add(later);
    expect(await reopened.get(later.id)).toEqual(later);
    expect(await reopened.list(100)).toHaveLength(56);
    reopened.close();
  });
});
