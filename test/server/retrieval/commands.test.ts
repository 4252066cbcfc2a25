import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { answers, modelServer } from "../../fixtures/model-server.ts";

// Each test starts the program several times, which a busy machine takes seconds for.
vi.setConfig({ testTimeout: 240_000 });

const root = join(import.meta.dirname, "../../..");
let home: string;
let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "searchlight-retrieval-"));
  folder = join(home, "observatory");
  cpSync(join(root, "samples/observatory"), folder, { recursive: true });
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function start(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(root, "server/cli.ts"), ...args], {
    cwd: home,
    env: { ...process.env, SEARCHLIGHT_HOME: join(home, "data"), SEARCHLIGHT_CACHE: join(home, "cache"), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = once(child, "close").then(([code]): Ended => ({ code: code as number | null, stdout, stderr }));
  return { child, ended };
}

const run = (args: readonly string[], env?: Record<string, string>): Promise<Ended> => start(args, env).ended;

/** Starts `retrieval serve --json` and answers its first line. */
async function serving(args: readonly string[], env?: Record<string, string>) {
  const { child, ended } = start(["retrieval", "serve", ...args, "--port", "0", "--json"], env);
  const first = await Promise.race([once(child.stdout!, "data"), ended]);
  if (!Array.isArray(first)) throw new Error(first.stderr);
  return { child, ended, ...(JSON.parse(String(first[0])) as { url: string; retriever: string; token?: string }) };
}

test("retrieval serve offers a folder's index to other programs until Ctrl-C; a question is answered over it and replayed without it", async () => {
  const server = await serving([folder, "--embedder", "none"]);
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const response = await fetch(`${server.url}/retrieve`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ queries: ["North Dome diameter"], topk: 2, return_scores: true }),
  });
  expect(await response.json()).toMatchObject({
    result: [[{ document: { contents: expect.stringMatching(/^".+"\n/) as string } }, {}]],
  });

  const searched = await run([
    "retrieval",
    "search",
    `r1:${server.url}`,
    "North Dome diameter",
    "mirror",
    "-k",
    "2",
    "--json",
  ]);
  expect(JSON.parse(searched.stdout)).toMatchObject({
    version: 1,
    retriever: `r1:${server.url}`,
    results: [{ query: "North Dome diameter", hits: [{ path: null }, {}], cached: false }, { query: "mirror" }],
  });

  const question = ["ask", folder, "How wide is the North Dome?", "--embedder", "none", "--json"];
  const live = await run([...question, "--retriever", `search-r1:${server.url}`, "--record", "run.jsonl"]);
  const asked = JSON.parse(live.stdout) as { text: string; answer: string; searches: { hits: { path: null }[] }[] };
  expect(asked.searches.length).toBeGreaterThan(0);
  for (const { hits } of asked.searches) expect(hits.map(({ path }) => path)).toEqual([null, null, null, null, null]);

  server.child.kill("SIGINT");
  expect((await server.ended).code).toBe(0);
  const again = await run([...question, "--retriever", "replay:run.jsonl"]);
  expect(JSON.parse(again.stdout)).toMatchObject({ text: asked.text, answer: asked.answer, searches: asked.searches });

  const gone = await run([...question, "--retriever", `search-r1:${server.url}`]);
  expect(gone.code).toBe(1);
  expect(gone.stderr).toMatch(/cannot be reached/);
});

test("retrieval serve to other machines asks for a token, one of its own where none is given", async () => {
  await using source = await modelServer(answers(200, { answers: [["1\ta"]] }));
  const server = await serving([`r1:${source.url}`, "--host", "0.0.0.0"]);
  const { port } = new URL(server.url);
  const health = (token?: string) =>
    fetch(`http://127.0.0.1:${port}/health`, token ? { headers: { authorization: `Bearer ${token}` } } : {});
  expect((await health()).status).toBe(401);
  expect(await (await health(server.token)).json()).toEqual({ status: "healthy", retriever: `r1:${source.url}` });
  const search = ["retrieval", "search", `r1:http://127.0.0.1:${port}`, "a"];
  expect((await run(search)).code).toBe(1);
  expect((await run(search, { SEARCHLIGHT_RETRIEVAL_KEY: server.token! })).stdout).toContain("1\ta".replace("\t", " "));
  server.child.kill("SIGTERM");
  expect((await server.ended).code).toBe(0);

  const own = await serving([`r1:${source.url}`], { SEARCHLIGHT_RETRIEVAL_TOKEN: "my-own-token" });
  expect(own.token).toBeUndefined();
  expect((await fetch(`${own.url}/health`)).status).toBe(401);
});

test("a web search is kept, counted and capped", async () => {
  await using web = await modelServer(
    answers(200, { organic: [{ link: "https://a.example/1", title: "One", snippet: "First." }] }),
  );
  const search = (query: string) =>
    run(["retrieval", "search", `web:serper@${web.url}`, query, "--max-searches", "1", "--price", "0.5", "--json"], {
      SEARCHLIGHT_SERPER_KEY: "k",
    });
  expect(JSON.parse((await search("dome")).stdout)).toMatchObject({
    results: [{ cached: false, hits: [{ passage: "https://a.example/1", title: "One", text: "First." }] }],
  });
  expect(JSON.parse((await search("Dome")).stdout)).toMatchObject({ results: [{ cached: true }] });
  const refused = await search("mirror");
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.stdout)).toMatchObject({ results: [{ error: { kind: "limit" } }] });
  expect(web.requests).toHaveLength(1);
  const spent = await run(["retrieval", "spending", "--json"]);
  expect(JSON.parse(spent.stdout)).toMatchObject({ spent: [{ name: "serper", searches: 1, money: 0.5 }] });
  expect((await run(["retrieval", "spending"])).stdout).toBe("serper: 1 search, 0.50 in money\n");
});

test.each([
  [["retrieval", "search", "web:bing", "q"], /There is no web search "bing"/],
  [["retrieval", "search", "r1:http://a.example", "q", "--max-cost", "3"], /needs the --price/],
  [["retrieval", "search", "r1:http://a.example", "q", "--site", "a.example"], /are for web search/],
  [["ask", "observatory", "q", "--cache-hours", "3"], /are for servers and web search/],
  [["retrieval", "serve", "missing-folder"], /There is no folder missing-folder/],
  [["retrieval", "serve", "observatory", "--port", "70000"], /--port takes/],
  [["ask", "observatory", "q", "--retriever", "elsewhere"], /the folder to search is the first argument/],
  [["ask", "observatory", "q", "--retriever", "replay:none.jsonl"], /none\.jsonl does not exist; /],
])("%j is wrong usage", async (args, reason) => {
  const { code, stdout, stderr } = await run(args);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(reason);
  expect(existsSync(join(home, "none.jsonl"))).toBe(false);
});
