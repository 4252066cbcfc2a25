import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

/** Runs dist/cli.js as a Node of some version would: the version is what the entry decides by. */
function asNode(version: string, env: Record<string, string>): { code: number; output: string } {
  const folder = mkdtempSync(join(tmpdir(), "searchlight-entry-"));
  try {
    cpSync("dist/cli.js", join(folder, "cli.js"));
    writeFileSync(join(folder, "cli.cjs"), 'console.log("the program runs");');
    writeFileSync(
      join(folder, "version.cjs"),
      `Object.defineProperty(process.versions, "node", { value: ${JSON.stringify(version)} });`,
    );
    const output = execFileSync(process.execPath, ["--require", join(folder, "version.cjs"), join(folder, "cli.js")], {
      env: { ...process.env, ...env },
      encoding: "utf8",
      stdio: "pipe",
    });
    return { code: 0, output };
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: string };
    return { code: status, output: stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a Node that is recent enough runs the program itself", () => {
  expect(asNode("22.12.0", {})).toEqual({ code: 0, output: "the program runs\n" });
});

test("an older Node without one of Searchlight's own is told in one sentence what is needed", () => {
  const { code, output } = asNode("20.20.2", { SEARCHLIGHT_CACHE: join(tmpdir(), "no-such-cache") });
  expect(code).toBe(1);
  expect(output).toMatch(/^Searchlight needs Node 22\.12 or later and this is Node 20\.20\.2; .+\.\n$/);
});

test("an older Node hands over to Searchlight's own, once", () => {
  const cache = mkdtempSync(join(tmpdir(), "searchlight-cache-"));
  const bin = join(cache, "node", "node_modules", `node-${process.platform}-${process.arch}`, "bin");
  mkdirSync(bin, { recursive: true });
  symlinkSync(process.execPath, join(bin, "node"));
  expect(asNode("20.20.2", { SEARCHLIGHT_CACHE: cache })).toEqual({ code: 0, output: "the program runs\n" });
  expect(asNode("20.20.2", { SEARCHLIGHT_CACHE: cache, SEARCHLIGHT_OWN_NODE: "1" }).code).toBe(1);
  rmSync(cache, { recursive: true });
});
