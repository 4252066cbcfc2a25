import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, test } from "vitest";
import { runProgram } from "../../../server/engine/run-program.ts";

const root = join(import.meta.dirname, "../../..");
const cli = join(root, "server/cli.ts");
const home = mkdtempSync(join(tmpdir(), "searchlight-commands-"));
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));

function searchlight(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { SEARCHLIGHT_ENGINE_TOKEN: _token, ...rest } = process.env;
  return runProgram(process.execPath, [cli, ...args], {
    env: { ...rest, SEARCHLIGHT_HOME: home, ...env },
    seconds: 60,
  });
}

test("a tiny model is made of documents, listed, and never written over", async () => {
  const text = join(root, "samples/observatory/handbook");
  const made = await searchlight(["models", "make-tiny", "--text", text, "--vocab", "512", "--json"]);
  expect(made.code, made.stderr).toBe(0);
  expect(JSON.parse(made.stdout)).toMatchObject({ version: 1, folder: join(home, "models", "tiny"), vocabulary: 512 });
  const listed = await searchlight(["models", "--json"]);
  expect(JSON.parse(listed.stdout)).toMatchObject({
    models: [{ name: "tiny", architecture: "LlamaForCausalLM", vocabulary: 512 }],
  });
  const again = await searchlight(["models", "make-tiny", "--text", text]);
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("holds a model already") });
});

test("a model that the engine cannot load is listed with its reason", async () => {
  const folder = join(home, "models", "strange");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "config.json"),
    JSON.stringify({ architectures: ["GPT2LMHeadModel"], vocab_size: 1, max_position_embeddings: 1 }),
  );
  const { stdout, code } = await searchlight(["models"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^strange .*GPT2LMHeadModel model, which the jax engine does not load/m);
});

test.each<[string, string[], RegExp]>([
  ["no text", ["models", "make-tiny", "x", "--text", "/nowhere"], /\/nowhere does not exist/],
  [
    "a vocabulary of an odd size",
    ["models", "make-tiny", join(home, "odd"), "--text", cli, "--vocab", "500"],
    /multiple of 64/,
  ],
  [
    "a seed that is none",
    ["models", "make-tiny", join(home, "odd"), "--text", cli, "--seed", "x"],
    /--seed takes a whole number/,
  ],
  ["no GGUF file", ["models", "from-gguf", "/nowhere.gguf"], /does not exist/],
  [
    "a backend that is none",
    ["trainer", "start", "--model", join(home, "models", "tiny"), "--backend", "cuda"],
    /jax, fsdp, megatron/,
  ],
  [
    "a model that is none",
    ["trainer", "start", "--model", "unheard-of"],
    /no model has this name; searchlight models lists/,
  ],
  ["half a certificate", ["trainer", "proxy", "--to", "http://127.0.0.1:1", "--tls-cert", "x"], /belong together/],
  ["a key in an address", ["trainer", "proxy", "--to", "http://a:b@127.0.0.1:1"], /without a name or a key/],
])("%s is wrong usage, in one sentence", async (_what, args, reason) => {
  const { code, stderr } = await searchlight(args);
  expect(code).toBe(2);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).toMatch(reason);
});

test("a file that is no GGUF is refused, and leaves no model", async () => {
  const { code, stderr } = await searchlight(["models", "from-gguf", cli, join(home, "none")]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/cannot be converted: The file is no GGUF file/);
});

test("the doctor says what runs here, and decides by it", async () => {
  const { stdout, code } = await searchlight(["trainer", "doctor", "--json"]);
  const report = JSON.parse(stdout) as {
    ok: boolean;
    facts: { name: string }[];
    backends: { backend: string; device: string; state: string; tried: boolean; detail: string }[];
  };
  expect(code).toBe(report.ok ? 0 : 1);
  expect(report.facts.map(({ name }) => name)).toEqual([
    "System",
    "Processor",
    "Memory",
    "Disk",
    "uv",
    "Python",
    "Packages",
    "GPUs",
  ]);
  expect(report.backends.map(({ backend, device }) => `${backend} ${device}`)).toEqual([
    ...["jax cpu", "jax cuda", "fsdp cuda", "megatron cuda"],
  ]);
  for (const { backend, tried, detail } of report.backends) {
    expect(tried, backend).toBe(backend === "jax");
    expect(detail.includes("never run with Searchlight"), detail).toBe(!tried);
  }
});

test("the proxy takes its token from a file, asks for it, and ends when it is told to", async () => {
  const engine = createServer((_request, response) => response.end('{"status":"ok"}')).listen(0, "127.0.0.1");
  await once(engine, "listening");
  const to = `http://127.0.0.1:${(engine.address() as AddressInfo).port}`;
  const file = join(home, "token");
  writeFileSync(file, "a-token-from-a-file\n");
  const args = ["trainer", "proxy", "--to", to, "--port", "0", "--token-file", file, "--json"];
  const child = spawn(process.execPath, [cli, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const { url, token } = JSON.parse(line) as { url: string; token?: string };
  // A token that was given is not shown.
  expect(token).toBeUndefined();
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(`${url}/api/v1/healthz`, { headers })).status;
  expect(await status({})).toBe(401);
  expect(await status({ authorization: `Bearer ${readFileSync(file, "utf8").trim()}` })).toBe(200);
  child.kill("SIGTERM");
  const [code] = (await once(child, "exit")) as [number];
  expect(code).toBe(0);
  engine.close();
});

test("a token that is too short is refused", async () => {
  const { code, stderr } = await searchlight(["trainer", "proxy", "--to", "http://127.0.0.1:1"], {
    SEARCHLIGHT_ENGINE_TOKEN: "short",
  });
  expect(code).toBe(2);
  expect(stderr).toMatch(/SEARCHLIGHT_ENGINE_TOKEN must hold 16 to 512 characters/);
});
