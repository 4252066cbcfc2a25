import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runProgram } from "../../../server/engine/run-program.ts";
import {
  type RemoteEngine,
  remoteCommand,
  remoteScript,
  remoteStopScript,
} from "../../../server/engine/remote-script.ts";
import { isSshHost, shellQuoted } from "../../../server/engine/shell-quote.ts";
import { fakeSsh } from "../../fixtures/fake-ssh.ts";

const cli = join(import.meta.dirname, "../../../server/cli.ts");
const scratch = (): string => mkdtempSync(join(tmpdir(), "searchlight-remote-"));

const engine: RemoteEngine = {
  model: "/models/m",
  backend: "jax",
  device: "cpu",
  port: 8123,
  rank: 8,
  adapters: 4,
  microBatch: 8,
  samplingWidth: 64,
  devices: 1,
  keep: false,
};

function serveRemote(args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  return runProgram(process.execPath, [cli, "trainer", "serve-remote", ...args], { env, seconds: 60 });
}

test("any text is one word of a shell", () => {
  for (const text of ["", "a b", "it's", "$(id)", "`id`", '"', "\\", "a\nb", "';touch x;'", "*", "!!", "~", "-n"])
    expect(execFileSync("sh", ["-c", `printf %s ${shellQuoted(text)}`], { encoding: "utf8" })).toBe(text);
});

test("names that ssh would take for an option, or a shell for more than a word, are no hosts", () => {
  for (const host of ["gpu", "me@gpu-box.example.org", "10.0.0.7", "[fe80::1]", "h100_a"])
    expect(isSshHost(host), host).toBe(true);
  for (const host of ["-oProxyCommand=x", "a b", "a;b", "$(id)", "a@-b", "me@", "@gpu", "", "a\nb", "gpu/../x", "é"])
    expect(isSshHost(host), host).toBe(false);
});

test.each(["jax", "fsdp", "megatron"] as const)("the script for %s is one that a shell can read", async (backend) => {
  for (const keep of [false, true]) {
    const script = remoteScript({ ...engine, backend, keep, model: '/models/it\'s $(x) "y"' });
    expect(await runProgram("sh", ["-n", "-c", script])).toMatchObject({ code: 0, stderr: "" });
    expect(script).toContain(`--extra ${backend}`);
    expect(script).toContain("127.0.0.1");
    // What ends with the connection holds the leash, what outlives it does not.
    expect(script.includes("SEARCHLIGHT_LEASH")).toBe(!keep);
    expect(remoteCommand(script)).toMatch(/^[A-Za-z0-9 '"$()%+/=|-]+$/);
  }
  expect(await runProgram("sh", ["-n", "-c", remoteStopScript()])).toMatchObject({ code: 0 });
});

test("on another machine's GPUs the jax backend has CUDA's packages in an environment of its own", () => {
  const script = remoteScript({ ...engine, device: "cuda", devices: 2 });
  expect(script).toContain("/jax/.venv-cuda' uv sync");
  expect(script).toContain("--extra tinker --extra jax --extra cuda");
  expect(script).toContain("JAX_PLATFORMS='cuda'");
  expect(script).not.toContain("device_count");
});

test("it prints what it would run, and that is what a shell hands to ssh", async () => {
  const ssh = fakeSsh(scratch());
  const { code, stdout } = await serveRemote(["me@gpu", "--model", "/models/it's", "--backend", "jax"], ssh.env);
  expect(code).toBe(0);
  expect(ssh.calls()).toEqual([]);
  const line = stdout.split("\n").find((text) => text.startsWith("ssh "))!;
  // There is no such model, so the script ends at once, with that said.
  const ran = await runProgram("sh", ["-c", line], { env: ssh.env, seconds: 30 });
  expect(ran.stderr).toContain("There is no model folder /models/it's on this host.");
  const [call] = ssh.calls();
  expect(call!.slice(0, 5)).toEqual(["-T", "-L", "127.0.0.1:8123:127.0.0.1:8123", "--", "me@gpu"]);
  expect(call!.at(-1)).toBe(remoteCommand(remoteScript({ ...engine, model: "/models/it's", samplingWidth: 256 })));
});

test("hostile names of machines and folders run nothing", { timeout: 300_000 }, async () => {
  const home = scratch();
  const ssh = fakeSsh(home);
  for (const host of ["-oProxyCommand=touch pwned", "gpu;touch pwned", "$(touch pwned)"])
    expect((await serveRemote(["--run", "--model", "/m", "--", host], ssh.env)).code).toBe(2);
  expect(ssh.calls()).toEqual([]);
  for (const model of [
    "/$(touch pwned)",
    "/`touch pwned`",
    "/';touch pwned;'",
    "~/';touch pwned;'",
    '/a" ; touch pwned; "',
  ]) {
    const outcome = await runProgram(
      process.execPath,
      [cli, "trainer", "serve-remote", "gpu", "--run", "--model", model],
      {
        env: ssh.env,
        cwd: home,
        seconds: 60,
      },
    );
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain("There is no model folder");
    expect(outcome.stderr).toContain("The engine did not start on gpu; what it said is above (ssh: 1).");
  }
  expect(existsSync(join(home, "pwned"))).toBe(false);
  expect(readdirSync(home)).toEqual([]);
  const model = scratch();
  writeFileSync(join(model, "config.json"), "{}");
  const script = remoteScript({ ...engine, model, python: "/';touch pwned;'", home: "~/$(touch pwned)" });
  expect(await runProgram("sh", ["-c", script], { env: { ...ssh.env, HOME: home }, cwd: home })).toMatchObject({
    code: 1,
    stderr: "There is no Python /';touch pwned;' on this host.\n",
  });
  expect(readdirSync(home)).not.toContain("pwned");
  expect(existsSync(join(home, "$(touch pwned)", "checkpoints"))).toBe(true);
  for (const option of ["--model", "--python", "--home"])
    expect((await serveRemote(["gpu", "--model", "/m", option, "relative"], ssh.env)).code).toBe(2);
});

test("a machine without ssh is told so", async () => {
  const { stderr, code } = await serveRemote(["gpu", "--run", "--model", "/m"], { ...process.env, PATH: scratch() });
  expect(code).toBe(1);
  expect(stderr).toContain("ssh is not installed on this machine; install");
});
