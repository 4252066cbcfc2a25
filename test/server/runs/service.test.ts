import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import type { RunEvent } from "../../../protocol/run.ts";
import { HttpRunHost } from "../../../server/runs/http-host.ts";
import { type RunService, openRunService } from "../../../server/runs/http-service.ts";
import { packRecipe } from "../../../server/runs/recipe-upload.ts";
import { answers, modelServer } from "../../fixtures/model-server.ts";
import { all, scriptedHost, soon, until } from "./scripted-host.ts";

const token = "a-token-of-some-length";
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function serve(port = 0, runs = scriptedHost()): Promise<RunService & { runs: ReturnType<typeof scriptedHost> }> {
  const service = await openRunService({ runs: runs.host, home: runs.home, host: "127.0.0.1", port, token });
  closing.push(runs.remove, service.close);
  return { ...service, runs };
}

async function collected(host: HttpRunHost, id: string, from = 0): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of host.events(id, from, soon())) events.push(event);
  return events;
}

test("every method answers over HTTP as it does on the machine itself", async () => {
  const { url, runs } = await serve();
  const host = new HttpRunHost({ url, token });
  const file = runs.recipe();
  expect(await host.check(file, soon())).toEqual({ problems: [] });
  const launch = await host.launch(file, { key: "remote-key-1" }, soon());
  expect(launch).toMatchObject({ ok: true, joined: false });
  const { id } = launch as { id: string };
  expect(await host.launch(file, { key: "remote-key-1" }, soon())).toEqual({ ok: true, id, joined: true });
  const events = await collected(host, id);
  expect(events).toEqual(await all(runs.host, id));
  expect(await collected(host, id, 5)).toEqual(events.slice(5));
  expect(await host.list(soon())).toEqual(await runs.host.list(soon()));
  const { folder, ...details } = await runs.host.details(id, soon());
  expect(await host.details(id, soon())).toEqual(details);
  expect(await host.trajectories(id, { latest: 2 }, soon())).toEqual(
    await runs.host.trajectories(id, { latest: 2 }, soon()),
  );
  expect(await host.log(id, 5, soon())).toEqual(await runs.host.log(id, 5, soon()));
  expect(Buffer.from(await host.adapter(id, "c1", soon())).toString()).toBe("weights 1");
  await expect(host.adapter(id, "c9", soon())).rejects.toMatchObject({ kind: "refused" });
  await expect(host.act(id, "pause", soon())).rejects.toMatchObject({ kind: "refused" });
  // What was sent belongs to the run: it can be resumed without the sender.
  const manifest = JSON.parse(readFileSync(join(folder!, "run.json"), "utf8")) as { source: string };
  expect(manifest.source.startsWith(join(folder!, "files"))).toBe(true);
  const { data, retrieval } = details.recipe;
  for (const path of [data[0]!.file, retrieval.index]) expect(existsSync(join(folder!, "files", path))).toBe(true);
  expect(readdirSync(join(runs.home, ".sent"))).toEqual([]);
  await host.remove(id, soon());
  await expect(host.details(id, soon())).rejects.toMatchObject({ kind: "unknown-run" });
});

test("runs go on while the service is gone, and a client that follows misses nothing", async () => {
  const { url, runs, close } = await serve();
  const host = new HttpRunHost({ url, token });
  const launch = await host.launch(runs.recipe({ phase: 40 }, 12), { key: "remote-key-2" }, soon());
  const { id } = launch as { id: string };
  const events: RunEvent[] = [];
  const [, cutAt] = await Promise.all([
    (async () => {
      for await (const event of host.events(id, 0, soon())) events.push(event);
    })(),
    (async () => {
      await expect.poll(() => events.length, { timeout: 30_000 }).toBeGreaterThan(3);
      await close();
      const cutAt = events.length;
      // The run goes on by itself, and only then is there somebody to ask again.
      await until(runs.host, id, ({ seq }) => seq > cutAt + 3);
      await serve(Number(new URL(url).port), runs);
      return cutAt;
    })(),
  ]);
  expect(events.length).toBeGreaterThan(cutAt + 3);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
  expect(events.at(-1)).toMatchObject({ type: "done", outcome: "done" });
});

test("a service that is killed ends no run: another one, or the machine itself, finds it and its whole story", async () => {
  const runs = scriptedHost();
  closing.push(runs.remove);
  const program = fileURLToPath(new URL("../../fixtures/scripted-service.ts", import.meta.url));
  const service = spawn(process.execPath, [program, runs.home, token], { stdio: ["ignore", "pipe", "inherit"] });
  closing.push(() => void service.kill("SIGKILL"));
  const [line] = (await once(service.stdout, "data")) as [Buffer];
  const host = new HttpRunHost({ url: line.toString().trim(), token });
  const launch = await host.launch(runs.recipe({ phase: 40 }, 8), { key: "remote-key-5" }, soon());
  const { id } = launch as { id: string };
  for await (const event of host.events(id, 0, soon())) if (event.type === "iteration") break;
  service.kill("SIGKILL");
  await once(service, "exit");
  const at = (await runs.host.details(id, soon())).summary;
  expect(at.state).toBe("running");
  const events = await all(runs.host, id);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
  expect(events.at(-1)).toMatchObject({ type: "done", outcome: "done" });
  expect(events.filter(({ type }) => type === "launched")).toHaveLength(1);
  expect(runs.lines(id, "steps.log")).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
});

test("without the token nothing is told, not even what there is", async () => {
  const { url } = await serve();
  for (const wrong of ["", "wrong", `${token}x`]) {
    const host = new HttpRunHost({ url, token: wrong });
    await expect(host.list(soon())).rejects.toMatchObject({ kind: "unauthorised" });
    await expect(host.details("01ARZ3NDEKTSV4RRFFQ69G5FAV", soon())).rejects.toMatchObject({ kind: "unauthorised" });
  }
  expect((await fetch(`${url}/nothing`)).status).toBe(401);
});

test("names that would leave the upload's folder are refused and nothing is written", async () => {
  const { url, runs } = await serve();
  const packed = packRecipe(runs.recipe());
  if (!packed.ok) throw new Error("The recipe was not packed.");
  for (const name of ["../evil", "/etc/evil", "a/../../evil", ".hidden", "a\\b", "a//b", "recipe.jsonc/x", ""]) {
    const body = { ...packed.upload, files: { [name]: "eA==" }, key: `key-of-${name}-long` };
    const answer = await fetch(`${url}/v1/runs`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(answer.status, name).toBeGreaterThanOrEqual(400);
    expect(await answer.json()).toMatchObject({ message: expect.any(String) });
  }
  expect(await runs.host.list(soon())).toEqual([]);
  expect(existsSync(join(runs.home, ".sent")) ? readdirSync(join(runs.home, ".sent")) : []).toEqual([]);
});

test("files that stand in each other's way are refused as such, not as a full disk", async () => {
  const { url, runs } = await serve();
  const packed = packRecipe(runs.recipe());
  if (!packed.ok) throw new Error("the recipe is sound");
  for (const files of [{ "recipe.jsonc": "eA==" }, { a: "eA==", "a/b": "eA==" }]) {
    const answer = await fetch(`${url}/v1/check`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ recipe: packed.upload.recipe, files }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ kind: "refused" });
  }
  expect(readdirSync(join(runs.home, ".sent"))).toEqual([]);
});

test("a recipe with mistakes comes back with them and starts nothing", async () => {
  const { url, runs } = await serve();
  const host = new HttpRunHost({ url, token });
  const file = runs.recipe();
  writeFileSync(file, readFileSync(file, "utf8").replace('"tiny"', "7"));
  expect(await host.launch(file, { key: "remote-key-3" }, soon())).toMatchObject({
    ok: false,
    problems: [{ field: "model.base", severity: "error" }],
  });
  const body = { recipe: readFileSync(file, "utf8"), files: {}, key: "remote-key-4" };
  const answer = await fetch(`${url}/v1/runs`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(await answer.json()).toMatchObject({ ok: false, problems: [{ field: "model.base" }] });
  expect(await runs.host.list(soon())).toEqual([]);
});

test("an id that is none, as another program might send one to a terminal, does not come in", async () => {
  const id = "\u001b[2J01ARZ3NDEKTSV4RRFFQ69G5FAV";
  const summary = {
    id,
    name: "x",
    createdAt: "2026-01-01T00:00:00Z",
    state: "done",
    iteration: 0,
    checkpoints: 0,
    events: 0,
  };
  await using listing = await modelServer(answers(200, [summary]));
  await expect(new HttpRunHost({ url: listing.url, token }).list(soon())).rejects.toMatchObject({ kind: "refused" });
  await using launching = await modelServer(answers(200, { ok: true, id, joined: false }));
  const host = new HttpRunHost({ url: launching.url, token });
  const runs = scriptedHost();
  closing.push(runs.remove);
  await expect(host.launch(runs.recipe(), { key: "remote-key-6" }, soon())).rejects.toMatchObject({ kind: "refused" });
  await expect(host.resume("01ARZ3NDEKTSV4RRFFQ69G5FAV", soon())).rejects.toMatchObject({ kind: "refused" });
});

test("a service that is not there, or another program, is told in one sentence", async () => {
  const nobody = new HttpRunHost({ url: "http://127.0.0.1:9", token });
  await expect(nobody.list(soon())).rejects.toMatchObject({ kind: "unreachable" });
  expect(() => new HttpRunHost({ url: "ftp://x", token })).toThrow(/address/);
});
