import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { freePort } from "../../../server/engine/free-port.ts";
import { runProgram } from "../../../server/engine/run-program.ts";
import { engineStandIn } from "../../fixtures/engine-stand-in.ts";
import { hasSshd, type OwnSshd, ownSshd } from "../../fixtures/own-sshd.ts";

const cli = join(import.meta.dirname, "../../../server/cli.ts");
const patience = { timeout: 90_000, interval: 100 };

// Without OpenSSH's server on this machine these are skipped, and a program that stands in for ssh is all that is tried.
describe.skipIf(!hasSshd)("over OpenSSH", { timeout: 180_000 }, () => {
  let sshd: OwnSshd;
  beforeAll(async () => {
    sshd = await ownSshd();
  });
  afterAll(() => sshd?.close());

  const args = (host: string, ...more: string[]): string[] => [cli, "trainer", "serve-remote", host, "--run", ...more];

  async function started(...more: string[]) {
    const engine = engineStandIn();
    const port = String((await freePort(undefined))!);
    const given = ["--backend", "jax", "--model", engine.model, "--python", engine.python, "--home", engine.home];
    const child = spawn(process.execPath, args("good", ...given, "--port", port, "--json", ...more), { env: sshd.env });
    let output = "";
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    const ended = once(child, "exit") as Promise<[number | null]>;
    await vi.waitFor(() => expect(output, said).toContain("\n"), patience);
    const { url } = JSON.parse(output) as { url: string };
    expect(await (await fetch(`${url}/api/v1/healthz`)).json()).toEqual({ status: "ok" });
    const pid = Number(readFileSync(join(engine.home, "stand-in.pid"), "utf8"));
    expect(lives(pid)).toBe(true);
    return { child, ended, engine, url, pid, port, said: () => said };
  }

  test("an engine is started there, answers through the tunnel, and ends with the command", async () => {
    const { child, ended, pid, url } = await started();
    child.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
    await vi.waitFor(() => expect(lives(pid)).toBe(false), patience);
    await expect(fetch(url)).rejects.toThrow();
  });

  test("a connection that breaks ends the engine, and the command says so", async () => {
    const { ended, pid, said } = await started();
    process.kill(sshd.clients().at(-1)!, "SIGKILL");
    expect(await ended).toEqual([1, null]);
    expect(said()).toMatch(
      /The connection to good ended \(ssh: SIGKILL\), and the engine with it; run the command again\.\n$/,
    );
    await vi.waitFor(() => expect(lives(pid)).toBe(false), patience);
  });

  test("a command that is killed leaves no engine behind", async () => {
    const { child, ended, pid } = await started();
    child.kill("SIGKILL");
    await ended;
    await vi.waitFor(() => expect(lives(pid)).toBe(false), patience);
  });

  test("an engine that is kept outlives the connection, holds its port, and is stopped from here", async () => {
    const { child, ended, pid, engine, port } = await started("--keep");
    child.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
    expect(lives(pid)).toBe(true);
    const other = engineStandIn();
    const second = ["--backend", "jax", "--model", other.model, "--python", other.python, "--home", other.home];
    const refused = await runProgram(process.execPath, args("good", ...second, "--port", port), { env: sshd.env });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(`Port ${port} of this host is taken`) });
    const stop = args("good", "--stop", "--home", engine.home);
    const stopped = await runProgram(process.execPath, stop, { env: sshd.env });
    expect(stopped).toMatchObject({ code: 0, stdout: expect.stringContaining("The engine is stopped.") });
    expect(lives(pid)).toBe(false);
    expect(await runProgram(process.execPath, stop, { env: sshd.env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("No engine was kept on this host."),
    });
  });

  test.each([
    ["stranger", /stranger does not let this user in; give it your public key \(ssh-copy-id stranger\)/],
    ["unknown", /This machine does not know the key of unknown; run ssh unknown once by hand/],
    ["changed", /changed has another key than the one that this machine knows; find out why/],
    ["closed", /closed cannot be reached by ssh; start its ssh server/],
    ["good", /There is no Python \/nowhere on this host\.\nThe engine did not start on good/],
  ])("what ssh or the machine refuses is told with a way out: %s", async (host, sentence) => {
    const { model } = engineStandIn();
    const given = ["--backend", "jax", "--model", model, "--python", "/nowhere"];
    const { code, stderr } = await runProgram(process.execPath, args(host, ...given), { env: sshd.env, seconds: 120 });
    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
    expect(stderr).toMatch(/\.\n$/);
  });
});

test.runIf(!hasSshd)("OpenSSH's server is not installed here, so that no real connection was made", () => {
  expect(existsSync("/usr/sbin/sshd")).toBe(false);
});

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
