import { once } from "node:events";
import { readFileSync } from "node:fs";
import {
  type IncomingMessage,
  type Server,
  type ServerResponse,
  createServer,
  request as httpRequest,
} from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { Agent, fetch as undiciFetch } from "undici";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type EngineProxy, type ProxyOptions, openProxy } from "../../../server/engine/proxy.ts";

const token = "a-token-of-some-length";
let engine: Server;
let origin: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let reached: string[];
const open: EngineProxy[] = [];

beforeEach(async () => {
  reached = [];
  answer = (_request, response) => response.setHeader("content-type", "application/json").end('{"status":"ok"}');
  engine = createServer((request, response) => {
    reached.push(`${request.method} ${request.url}`);
    answer(request, response);
  }).listen(0, "127.0.0.1");
  await once(engine, "listening");
  origin = `http://127.0.0.1:${(engine.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const proxy of open.splice(0)) await proxy.close();
  engine.closeAllConnections();
  await new Promise((resolve) => engine.close(resolve));
});

async function proxyOf(options: Partial<ProxyOptions> = {}): Promise<string> {
  const proxy = await openProxy({ to: origin, host: "127.0.0.1", port: 0, token, ...options });
  open.push(proxy);
  return proxy.url;
}

const bearer = { authorization: `Bearer ${token}` };

test("only who has the token reaches the engine", async () => {
  const url = await proxyOf();
  for (const headers of [
    {},
    { authorization: "Bearer wrong" },
    { authorization: `Bearer ${token}x` },
    { "x-api-key": "" },
  ])
    expect((await fetch(`${url}/api/v1/healthz`, { headers: headers as Record<string, string> })).status).toBe(401);
  expect(reached).toEqual([]);
  expect(await (await fetch(`${url}/api/v1/healthz`, { headers: bearer })).json()).toEqual({ status: "ok" });
  expect((await fetch(`${url}/api/v1/healthz`, { headers: { "x-api-key": token } })).status).toBe(200);
});

test("guessing tokens is slowed down, while the right one still passes", async () => {
  const url = await proxyOf();
  const statuses: number[] = [];
  for (let guess = 0; guess < 12; guess++)
    statuses.push((await fetch(`${url}/api/v1/healthz`, { headers: { authorization: `Bearer ${guess}` } })).status);
  expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401));
  expect(statuses.at(-1)).toBe(429);
  expect((await fetch(`${url}/api/v1/healthz`, { headers: bearer })).status).toBe(200);
});

test("only the protocol's own paths are passed on", async () => {
  const url = await proxyOf();
  const status = async (method: string, path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      // The raw path: fetch would resolve dots before they are sent.
      const { hostname, port } = new URL(url);
      const sent = httpRequest({ hostname, port, method, path, headers: bearer }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      });
      sent.on("error", reject).end();
    });
  expect(await status("GET", "/api/v1/training_runs/model_1/checkpoints/step-1/archive")).toBe(200);
  expect(await status("DELETE", "/api/v1/training_runs/model_1/checkpoints/weights/step-1")).toBe(200);
  const passed = reached.length;
  for (const [method, path] of [
    ["POST", "/start_profiling"],
    ["GET", "/docs"],
    ["GET", "/api/v1/../../etc/passwd"],
    ["GET", "/api/v1/training_runs/..%2f..%2f/checkpoints"],
    ["GET", "/api/v1/asample"],
    ["PUT", "/api/v1/save_weights"],
    ["DELETE", "/api/v1/training_runs/model_1/checkpoints/weights/.."],
  ] as const)
    expect([404, 405]).toContain(await status(method, path));
  expect(reached).toHaveLength(passed);
});

test("bodies that are too large are cut off, whether they say their length or not", async () => {
  const url = await proxyOf({ bodyBytes: 1000 });
  answer = (request, response) => void request.resume().on("end", () => response.end("{}"));
  const post = (body: BodyInit): Promise<Response> =>
    fetch(`${url}/api/v1/asample`, { method: "POST", headers: bearer, body, duplex: "half" } as RequestInit);
  expect((await post("x".repeat(1000))).status).toBe(200);
  expect((await post("x".repeat(1001))).status).toBe(413);
  const chunks = Readable.from([1, 2, 3].map(() => Buffer.alloc(500)));
  const outcome = await post(Readable.toWeb(chunks) as BodyInit).then(
    ({ status }) => status,
    () => "cut",
  );
  expect([413, "cut"]).toContain(outcome);
});

test("bytes pass unchanged and as they come, both ways", async () => {
  const url = await proxyOf();
  const parts: string[] = [];
  let first: () => void = () => {};
  const seen = new Promise<void>((resolve) => (first = resolve));
  answer = (request, response) => {
    response.setHeader("content-type", "application/x-protobuf");
    request.on("data", (data: Buffer) => {
      parts.push(data.toString("hex"));
      response.write(data);
      first();
    });
    request.on("end", () => response.end());
  };
  const { hostname, port } = new URL(url);
  const headers = { ...bearer, "content-type": "application/x-protobuf" };
  const sent = httpRequest({ hostname, port, method: "POST", path: "/api/v1/forward_backward", headers });
  sent.write(Buffer.from([0, 255, 128]));
  // The engine has the first part before the second is written, and its answer to it is here before the request ends.
  await seen;
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  expect(response.headers["content-type"]).toBe("application/x-protobuf");
  const [echo] = (await once(response, "data")) as [Buffer];
  expect([...echo]).toEqual([0, 255, 128]);
  sent.end(Buffer.from([1]));
  const [rest] = (await once(response, "data")) as [Buffer];
  expect([...rest]).toEqual([1]);
  expect(parts).toEqual(["00ff80", "01"]);
});

test("a long poll is waited for, and one that the client gives up is given up at the engine", async () => {
  const url = await proxyOf();
  const polls: { response: ServerResponse; givenUp: Promise<boolean> }[] = [];
  answer = (request, response) => {
    void request.resume();
    const givenUp = new Promise<boolean>((resolve) =>
      response.once("close", () => resolve(!response.writableFinished)),
    );
    polls.push({ response, givenUp });
  };
  const poll = (signal?: AbortSignal): Promise<Response> =>
    fetch(`${url}/api/v1/retrieve_future`, {
      method: "POST",
      headers: { ...bearer, "content-type": "application/json" },
      body: '{"request_id":"1"}',
      ...(signal ? { signal } : {}),
    });
  const [first] = await Promise.all([
    poll().then((response) => response.json()),
    vi
      .waitFor(() => expect(polls).toHaveLength(1), { timeout: 30_000 })
      .then(async () => {
        await wait(500);
        polls[0]!.response.end('{"type":"done"}');
      }),
  ]);
  expect(first).toEqual({ type: "done" });
  const leaving = new AbortController();
  await Promise.all([
    expect(poll(leaving.signal)).rejects.toThrow(),
    vi.waitFor(() => expect(polls).toHaveLength(2), { timeout: 30_000 }).then(() => leaving.abort()),
  ]);
  expect(await polls[1]!.givenUp).toBe(true);
});

test("requests a second and requests under way are bounded", async () => {
  const quick = await proxyOf({ perSecond: 0.01, burst: 3 });
  const get = (url: string): Promise<Response> => fetch(`${url}/api/v1/healthz`, { headers: bearer });
  const answers = [];
  for (let i = 0; i < 4; i++) answers.push(await get(quick));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  expect(Number(answers[3]!.headers.get("retry-after"))).toBeGreaterThan(0);

  const narrow = await proxyOf({ concurrent: 2 });
  const waiting: ServerResponse[] = [];
  answer = (_request, response) => void waiting.push(response);
  const held = [get(narrow), get(narrow)];
  while (waiting.length < 2) await wait(5);
  expect((await get(narrow)).status).toBe(429);
  for (const response of waiting) response.end("{}");
  expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200]);
});

test("a redirect of the engine leads back to the proxy", async () => {
  const url = await proxyOf();
  answer = (_request, response) =>
    void response.writeHead(302, { location: `${origin}/api/v1/training_runs/m/checkpoints/c/download?x=1` }).end();
  const path = "/api/v1/training_runs/m/checkpoints/c/archive";
  const response = await fetch(url + path, { headers: bearer, redirect: "manual" });
  expect(response.headers.get("location")).toBe(`${url}/api/v1/training_runs/m/checkpoints/c/download?x=1`);
});

test("an engine that is gone is said to be", async () => {
  const url = await proxyOf({ to: "http://127.0.0.1:9" });
  const response = await fetch(`${url}/api/v1/healthz`, { headers: bearer });
  expect(response.status).toBe(502);
  expect(await response.json()).toEqual({ detail: "The engine does not answer." });
});

test("with a certificate nothing is spoken in the clear", async () => {
  const pem = (name: string): string => readFileSync(join(import.meta.dirname, "certificate", name), "utf8");
  const url = await proxyOf({ tls: { cert: pem("cert.pem"), key: pem("key.pem") } });
  expect(url).toMatch(/^https:/);
  const dispatcher = new Agent({ connect: { ca: pem("cert.pem") } });
  const response = await undiciFetch(`${url}/api/v1/healthz`, { headers: bearer, dispatcher });
  expect(await response.json()).toEqual({ status: "ok" });
  await dispatcher.close();
  await expect(fetch(`${url.replace("https", "http")}/api/v1/healthz`, { headers: bearer })).rejects.toThrow();
});
