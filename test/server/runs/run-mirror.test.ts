import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { HttpRunHost } from "../../../server/runs/http-host.ts";
import { openRunService } from "../../../server/runs/http-service.ts";
import type { RunHost } from "../../../server/runs/run-host.ts";
import { RunMirrors } from "../../../server/runs/run-mirror.ts";
import { WindowRuns } from "../../../server/window-runs.ts";
import { launched, scriptedHost, soon, until } from "./scripted-host.ts";

const token = "a-token-of-some-length";
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const idsIn = (file: string): string[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { id: string }).id);

test("the rollouts of a run behind a service come into a file here as it goes on, and from where the copy ended", async () => {
  const runs = scriptedHost();
  closing.push(runs.remove);
  const serve = (port = 0) => openRunService({ runs: runs.host, home: runs.home, host: "127.0.0.1", port, token });
  const service = await serve();
  const { url } = service;
  const faults: unknown[] = [];
  const open = (): WindowRuns => {
    const window = new WindowRuns(
      {
        local: async () => runs.host,
        service: url,
        openService: async () => new HttpRunHost({ url, token }),
        onList: () => undefined,
        onEvents: () => undefined,
        onFault: (_where, error) => faults.push(error),
      },
      join(runs.folder, "copies"),
    );
    closing.push(() => window.close());
    return window;
  };
  const id = await launched(runs.host, runs.recipe({ phase: 60, groups: true }, 8), "mirrored-key");
  const first = open();
  const file = join(await first.folder({ id, host: url }, soon()), "trajectories.jsonl");
  await until(runs.host, id, (event) => event.type === "group");
  await expect.poll(() => idsIn(file).length, { timeout: 30_000 }).toBeGreaterThan(0);
  first.closed(file);
  first.close();
  await until(runs.host, id, (event) => event.type === "done");
  // A window that shows the file again takes the copying up, also over a service that was restarted.
  await service.close();
  const again = await serve(Number(new URL(url).port));
  closing.push(again.close);
  await open().shown(file, soon());
  const whole = runs.lines(id, "trajectories.jsonl").map((line) => (JSON.parse(line) as { id: string }).id);
  await expect.poll(() => [...new Set(idsIn(file))].sort(), { timeout: 30_000 }).toEqual(whole.toSorted());
  expect(faults).toEqual([]);
});

test("a copy that is closed and shown again at once is followed by one alone", async () => {
  const id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  const followers = new Set<AbortSignal>();
  // A run that tells nothing at the moment: a follower asks again after a while.
  const host = {
    details: async () => ({}),
    // eslint-disable-next-line require-yield -- there are no events
    async *events(_id: string, _from: number, signal: AbortSignal) {
      followers.add(signal);
    },
  } as unknown as RunHost;
  const home = mkdtempSync(join(tmpdir(), "searchlight-copies-"));
  closing.push(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
  const faults: unknown[] = [];
  const copies = new RunMirrors(home, (_where, error) => faults.push(error));
  closing.push(() => copies.closeAll());
  const open = () => copies.open(host, "http://a", id, soon());
  const file = await open();
  await expect.poll(() => followers.size).toBe(1);
  copies.close(file);
  await open();
  await expect.poll(() => followers.size).toBe(2);
  // The end of the first, which comes later, takes nothing from the second.
  await new Promise((resolve) => setTimeout(resolve, 50));
  await open();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([...followers].map(({ aborted }) => aborted)).toEqual([true, false]);
  expect(faults).toEqual([]);
});

test("a path that is none of these copies is left alone, and an id that is none becomes no path", async () => {
  const runs = scriptedHost();
  closing.push(runs.remove);
  let asked = 0;
  const window = new WindowRuns(
    {
      local: async () => runs.host,
      service: "http://127.0.0.1:1",
      openService: async () => {
        asked += 1;
        return runs.host;
      },
      onList: () => undefined,
      onEvents: () => undefined,
      onFault: () => undefined,
    },
    join(runs.folder, "copies"),
  );
  closing.push(() => window.close());
  await window.shown(join(runs.folder, "elsewhere", "trajectories.jsonl"), soon());
  expect(asked).toBe(0);
  await expect(window.folder({ id: "../../x", host: "http://127.0.0.1:1" }, soon())).rejects.toMatchObject({
    kind: "unknown-run",
  });
});
