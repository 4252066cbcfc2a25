import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ensureEnvironment } from "../../../server/engine/environment.ts";
import { launcherScript } from "../../../server/engine/given-python.ts";
import { shellQuoted } from "../../../server/engine/shell-quote.ts";

const posix = process.platform !== "win32";

/** A launcher around a program that stands in for Python. */
function launcher(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), "searchlight-given-"));
  const python = join(folder, "py thon");
  writeFileSync(python, `#!/bin/sh\n${script}\n`);
  const path = join(folder, "uv");
  writeFileSync(path, launcherScript(shellQuoted(python)));
  for (const file of [python, path]) chmodSync(file, 0o755);
  return path;
}

test.runIf(posix)(
  "it starts the interpreter with what follows -m, hands standard input on and stays the parent",
  async () => {
    const child = spawn(launcher('echo "$PPID $*"; cat; exit 7'), [
      "run",
      "--extra",
      "tinker",
      "-m",
      "a.b",
      "--c",
      "d e",
    ]);
    child.stdin.end("through the leash\n");
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    const [code] = (await once(child, "close")) as [number];
    expect(text).toBe(`${child.pid} -m a.b --c d e\nthrough the leash\n`);
    expect(code).toBe(7);
  },
);

test.runIf(posix)("a request to end reaches the interpreter, and its exit code comes back", async () => {
  const child = spawn(launcher("trap 'echo ended; exit 5' TERM\necho ready\nwhile :; do sleep 0.05; done"), [
    "-m",
    "a",
  ]);
  child.stdout.setEncoding("utf8");
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  let text = "";
  child.stdout.on("data", (chunk: string) => (text += chunk));
  const [code] = (await once(child, "close")) as [number];
  expect(text).toBe("ended\n");
  expect(code).toBe(5);
});

test.runIf(posix)("an interpreter that does not run, or lacks the packages, is refused with what to do", async () => {
  const signal = AbortSignal.timeout(60_000);
  await expect(ensureEnvironment({ backend: "jax", python: "/nowhere/python3" }, signal)).rejects.toMatchObject({
    kind: "no-python",
    message: expect.stringContaining("/nowhere/python3 is no Python that runs") as string,
  });
  await expect(ensureEnvironment({ backend: "jax", python: "python3" }, signal)).rejects.toMatchObject({
    kind: "no-python",
  });
});
