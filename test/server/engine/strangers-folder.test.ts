import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, parse } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findPython } from "../../../server/engine/find-python.ts";
import { runProgram } from "../../../server/engine/run-program.ts";
import { provenanceOf } from "../../../server/runs/provenance.ts";

const cli = join(import.meta.dirname, "../../../server/cli.ts");
const python = await findPython(process.env, () => true);

let folder: string;
let trace: string;
beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), "searchlight-stranger-"));
  folder = join(root, "folder");
  trace = join(root, "was-run");
  mkdirSync(folder);
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true, maxRetries: 5 }));

describe("what lies in a stranger's folder is not run by who works in it", () => {
  test("a program that is run for Searchlight itself runs elsewhere", async () => {
    const { stdout } = await runProgram(process.execPath, ["-p", "process.cwd()"]);
    expect(stdout.trim()).toBe(parse(process.execPath).root);
    const inside = await runProgram(process.execPath, ["-p", "process.cwd()"], { cwd: folder });
    expect(inside.stdout.trim()).toBe(folder);
  });

  test.skipIf(!python)("a module that an interpreter would take from there", async () => {
    const module = `open(${JSON.stringify(trace)}, "w").close()\n`;
    writeFileSync(join(folder, "json.py"), module);
    const env = {
      ...process.env,
      SEARCHLIGHT_TRAINER_PYTHON: python!.path,
      SEARCHLIGHT_CACHE: join(trace, "..", "cache"),
    };
    const child = spawn(process.execPath, [cli, "trainer", "install"], { cwd: folder, env, stdio: "ignore" });
    await once(child, "close");
    expect(existsSync(trace)).toBe(false);
  });

  test.runIf(process.platform !== "win32")("a program that its repository names to git", async () => {
    const program = join(folder, "program.sh");
    const git = (...args: string[]) =>
      execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@b", ...args], { encoding: "utf8" });
    git("init", "--quiet");
    writeFileSync(join(folder, "small.recipe.jsonc"), "{}");
    git("add", "small.recipe.jsonc");
    git("commit", "--quiet", "-m", "a recipe");
    const commit = git("rev-parse", "HEAD").trim();
    expect(await provenanceOf(folder)).toMatchObject({ commit, uncommitted: false });
    writeFileSync(program, `#!/bin/sh\ntouch '${trace}'\ncat\n`);
    chmodSync(program, 0o755);
    expect(await provenanceOf(folder)).toMatchObject({ commit, uncommitted: true });

    git("config", "core.fsmonitor", program);
    mkdirSync(join(folder, ".git", "hooks"), { recursive: true });
    writeFileSync(join(folder, ".git", "hooks", "post-index-change"), `#!/bin/sh\ntouch '${trace}'\n`, { mode: 0o755 });
    // Git looks into a file whose times are others than it noted.
    utimesSync(join(folder, "small.recipe.jsonc"), 1, 1);
    expect(await provenanceOf(folder)).toMatchObject({ commit, uncommitted: true });
    expect(existsSync(trace)).toBe(false);

    git("config", "--unset", "core.fsmonitor");
    git("config", "filter.x.clean", program);
    writeFileSync(join(folder, ".git", "info", "attributes"), "* filter=x\n");
    utimesSync(join(folder, "small.recipe.jsonc"), 2, 2);
    const said = await provenanceOf(folder);
    expect(said).toMatchObject({ commit });
    expect(said).not.toHaveProperty("uncommitted");
    expect(existsSync(trace)).toBe(false);
  });
});
