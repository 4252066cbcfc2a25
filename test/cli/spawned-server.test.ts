import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  createMessageConnection,
} from "vscode-languageserver/node";
import type { Params, RequestMessage, Result } from "../../protocol/message.ts";
import { type ServerOptions, toClient, toServer } from "../../protocol/server-messages.ts";
import type { RolloutEvent } from "../../protocol/rollout-events.ts";
import { modelServer, streams, textEvents } from "../fixtures/model-server.ts";
import { serverSettings } from "../fixtures/in-band-server.ts";

let root: string;
let children: ChildProcess[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "searchlight-spawned-"));
  mkdirSync(join(root, "docs"));
  writeFileSync(
    join(root, "docs", "dome.md"),
    "# North Dome\n\nThe Kestrel spectrograph is mounted in the North Dome of the observatory.\n",
  );
  children = [];
});
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

/** The bundled server as a process of its own, spoken to over its standard streams. */
async function start(): Promise<{
  child: ChildProcess;
  client: MessageConnection;
  events: RolloutEvent[];
  ask: <M extends RequestMessage>(message: M, params: Params<M>) => Promise<Result<M>>;
}> {
  const child = spawn(process.execPath, ["dist/server.cjs", "--stdio"], {
    env: { ...process.env, SEARCHLIGHT_HOME: join(root, "home") },
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  const client = createMessageConnection(new StreamMessageReader(child.stdout!), new StreamMessageWriter(child.stdin!));
  const events: RolloutEvent[] = [];
  client.onNotification(toClient.rollout.method, ({ event }: { event: RolloutEvent }) => void events.push(event));
  client.onRequest("client/registerCapability", () => null);
  client.listen();
  const initializationOptions: ServerOptions = {
    folders: [{ name: "docs", path: join(root, "docs") }],
    trusted: true,
    settings: serverSettings,
  };
  await client.sendRequest("initialize", {
    processId: process.pid,
    rootUri: null,
    capabilities: {},
    initializationOptions,
  });
  await client.sendNotification("initialized", {});
  return {
    child,
    client,
    events,
    ask: async (message, params) => message.result.parse(await client.sendRequest(message.method, params)) as never,
  };
}

describe("the bundled language server as a process", () => {
  test("answers over its standard streams and ends when it is told to", async () => {
    const { child, client, events, ask } = await start();
    await ask(toServer.ask, { question: "Which spectrograph is mounted in the North Dome?" });
    await expect.poll(() => events.at(-1)?.type, { timeout: 30_000 }).toBe("done");
    const last = events.at(-1)!;
    expect(last.type === "done" && last.trajectory.answer?.text).toContain("Kestrel");
    await client.sendRequest("shutdown");
    const ended = once(child, "exit");
    await client.sendNotification("exit");
    expect(await ended).toEqual([0, null]);
  });

  test("killed in the middle of a question leaves all that was written; the next one says that it was interrupted", async () => {
    await using model = await modelServer(
      streams(textEvents(["I look at the dome.", ...Array.from({ length: 300 }, (_, at) => ` word${at}`)]), 100),
    );
    const first = await start();
    const { trajectoryId } = await first.ask(toServer.ask, {
      question: "Which spectrograph?",
      policy: `openai:slow@${model.url}`,
    });
    await expect
      .poll(() => first.events.filter(({ type }) => type === "text").length, { timeout: 30_000 })
      .toBeGreaterThan(3);
    first.child.kill("SIGKILL");
    await once(first.child, "exit");

    const second = await start();
    const { trajectory } = await second.ask(toServer.trajectory, { id: trajectoryId });
    expect(trajectory).toMatchObject({
      status: "interrupted",
      stop: { reason: "interrupted" },
      question: "Which spectrograph?",
    });
    expect(trajectory!.text).toContain("I look at the dome. word0");
    const { trajectories } = await second.ask(toServer.trajectories, { limit: 5 });
    expect(trajectories).toMatchObject([{ id: trajectoryId, status: "interrupted" }]);
    await second.ask(toServer.ask, { question: "Which spectrograph is mounted in the North Dome?" });
    await expect.poll(() => second.events.at(-1)?.type, { timeout: 30_000 }).toBe("done");
  });
});
