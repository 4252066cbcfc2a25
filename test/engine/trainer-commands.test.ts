import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { freePort } from "../../server/engine/free-port.ts";
import { groupRuns } from "../../server/engine/process-group.ts";
import { runProgram } from "../../server/engine/run-program.ts";
import { fakeSsh } from "../fixtures/fake-ssh.ts";
import { tinyModel } from "./fixture/running-engine.ts";

const cli = join(import.meta.dirname, "../../server/cli.ts");
const home = mkdtempSync(join(tmpdir(), "searchlight-trainer-"));
const env = { ...process.env, SEARCHLIGHT_HOME: home };

afterAll(async () => {
  await trainer(["stop"]);
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

async function trainer(args: readonly string[], given: NodeJS.ProcessEnv = env) {
  return runProgram(process.execPath, [cli, "trainer", ...args], { env: given, seconds: 240 });
}

async function json(args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await trainer([...args, "--json"]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test("an engine is left running, seen, refused a second time, and stopped", async () => {
  const started = await json(["start", "--model", tinyModel(), "--detach"]);
  expect(started).toMatchObject({ version: 1, backend: "jax", model: tinyModel(), home: join(home, "engine") });
  const { engines } = (await json(["status"])) as { engines: Record<string, unknown>[] };
  expect(engines).toEqual([
    expect.objectContaining({
      url: started["url"],
      state: "held",
      owner: "command",
      answers: true,
      model: tinyModel(),
    }),
  ]);
  expect((engines[0]!["processes"] as number[]).length).toBe(4);
  expect(engines[0]!["megabytes"]).toBeGreaterThan(200);
  expect((await trainer(["start", "--model", tinyModel(), "--detach"])).stderr).toMatch(/runs in .* already, at http/);
  expect(await json(["stop"])).toMatchObject({ stopped: [{ url: started["url"], state: "held" }] });
  expect(await groupRuns(started["group"] as number)).toBe(false);
  expect(await json(["status"])).toMatchObject({ engines: [] });
});

test("an engine that cannot load its model says so, and nothing is left", async () => {
  const { code, stderr } = await trainer(["start", "--model", home, "--detach"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/is no model folder/);
  expect(await json(["status"])).toMatchObject({ engines: [] });
});

test("another machine's engine is set up, reached through the tunnel, and ends with the connection", async () => {
  const far = mkdtempSync(join(tmpdir(), "searchlight-far-"));
  const ssh = fakeSsh(far);
  const port = String(await freePort());
  const args = ["serve-remote", "gpu", "--run", "--json", "--model", tinyModel(), "--backend", "jax"];
  const ports = ["--port", port, "--local-port", port, "--sampling-width", "8"];
  const child = spawn(process.execPath, [cli, "trainer", ...args, ...ports], {
    env: { ...ssh.env, ...cachesOf(process.env), SEARCHLIGHT_HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  while (!said.includes("\n") && child.exitCode === null) await wait(100);
  expect(said, errors).not.toBe("");
  const { url } = JSON.parse(said) as { url: string };
  expect(url).toBe(`http://127.0.0.1:${port}`);
  expect((await fetch(`${url}/api/v1/healthz`)).status).toBe(200);
  // Killed, as a closed laptop would: the engine sees its input end.
  child.kill("SIGKILL");
  await ended;
  let answers = true;
  for (let tries = 0; answers && tries < 100; tries++) {
    await wait(200);
    answers = await fetch(`${url}/api/v1/healthz`).then(
      () => true,
      () => false,
    );
  }
  expect(answers).toBe(false);
  expect(existsSync(join(far, ".cache", "searchlight", "engine"))).toBe(true);
  rmSync(far, { recursive: true, force: true, maxRetries: 5 });
});

test("an engine that is to be kept outlives the connection, and is stopped by name", async () => {
  const far = mkdtempSync(join(tmpdir(), "searchlight-far-"));
  const { env: sshEnv } = fakeSsh(far);
  const port = String(await freePort());
  const given = { ...sshEnv, ...cachesOf(process.env), SEARCHLIGHT_HOME: home };
  const common = ["serve-remote", "gpu", "--run", "--model", tinyModel(), "--backend", "jax"];
  const child = spawn(process.execPath, [cli, "trainer", ...common, "--keep", "--port", port, "--local-port", port], {
    env: given,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  while (!said.includes("\n") && child.exitCode === null) await wait(100);
  expect(said).toContain(`The engine on gpu answers at http://127.0.0.1:${port}`);
  child.kill("SIGINT");
  await ended;
  expect((await fetch(`http://127.0.0.1:${port}/api/v1/healthz`)).status).toBe(200);
  const stopped = await trainer([...common, "--stop"], given);
  expect(stopped).toMatchObject({ code: 0, stdout: expect.stringContaining("The engine is stopped.") });
  await expect(fetch(`http://127.0.0.1:${port}/api/v1/healthz`)).rejects.toThrow();
  const again = await trainer([...common, "--stop"], given);
  expect(again.stderr).toContain("No engine was kept on this host.");
  rmSync(far, { recursive: true, force: true, maxRetries: 5 });
});

/** The packages themselves are not what is tried here, so they come from this machine's caches. */
function cachesOf(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = env["HOME"] ?? "/";
  return { UV_CACHE_DIR: join(own, ".cache", "uv"), PYENV_ROOT: env["PYENV_ROOT"] ?? join(own, ".pyenv") };
}
