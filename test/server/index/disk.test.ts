import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { IndexStatus } from "../../../protocol/index-status.ts";
import { type IndexFolder, indexFolder, page, pathsFound } from "../../fixtures/index-folder.ts";

const fixtures = join(import.meta.dirname, "..", "..", "fixtures");
const cli = join(import.meta.dirname, "..", "..", "..", "server", "cli.ts");
const signal = new AbortController().signal;

/** Whether a process here may have disks of its own. */
const mounts =
  spawnSync("unshare", ["--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;
if (!mounts)
  console.warn("Tests of a full and of a read-only disk are skipped: unshare with mount is not permitted here.");

/** Runs a shell line with disks of its own. */
const withMounts = (line: string): string =>
  execFileSync("unshare", ["--user", "--map-root-user", "--mount", "sh", "-ec", line], {
    encoding: "utf8",
    timeout: 100_000,
    stdio: ["ignore", "pipe", "inherit"],
  });

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "searchlight-disk-"));
  mkdirSync(join(root, "docs"));
  mkdirSync(join(root, "home"));
});
afterEach(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

test.skipIf(!mounts)(
  "a disk that fills up is told as such, what was committed is searched, and room lets it go on",
  () => {
    const filler = "the observatory keeps its telescope under the northern dome in all of the winter months ".repeat(8);
    for (let at = 0; at < 2000; at++)
      writeFileSync(join(root, "docs", `p${at}.md`), `# Page ${at}\n\nA word${at}. ${filler}\n`);
    const script = join(fixtures, "index-on-small-disk.ts");
    const line = `mount -t tmpfs -o size=40m tmpfs ${root}/home; head -c 40800000 /dev/zero > ${root}/home/ballast; ${process.execPath} ${script} ${root}/docs ${root}/home ${root}/home/ballast`;
    const told = JSON.parse(withMounts(line).trim().split("\n").at(-1)!) as {
      error: string;
      full: IndexStatus;
      searched: number;
      after: IndexStatus;
      found: number;
    };
    expect(told.error).toMatch(/^The disk of .* is full; free some space and update the index\.$/);
    // Which leg the disk runs out under depends on how far the vectors have come.
    expect(["failed", "degraded"]).toContain(told.full.state);
    expect(told.full.reason).toContain(told.error);
    expect(told.full.files).toBeGreaterThan(0);
    expect(told.searched).toBeGreaterThan(0);
    expect(told.after).toMatchObject({ state: "ready", files: 2000 });
    expect(told.found).toBeGreaterThan(0);
  },
  120_000,
);

test.skipIf(!mounts)(
  "an index on a disk that cannot be written is read; where there is none, words are searched in memory",
  () => {
    writeFileSync(join(root, "docs", "a.md"), page("a", "astrolabe"));
    const once = `${process.execPath} ${join(fixtures, "index-once.ts")} ${root}/docs ${root}/home astrolabe`;
    const readOnly = `mount --bind ${root}/home ${root}/home; mount -o remount,ro,bind ${root}/home; ${once}`;
    const without = JSON.parse(withMounts(readOnly)) as { status: IndexStatus; paths: string[] };
    expect(without.paths).toEqual(["a.md"]);
    expect(without.status).toMatchObject({
      state: "degraded",
      reason: expect.stringMatching(/cannot be written; .* Words are searched in memory\.$/) as string,
    });
    execFileSync("sh", ["-c", once]);
    writeFileSync(join(root, "docs", "b.md"), page("b", "bstrolabe"));
    const reading = JSON.parse(withMounts(readOnly)) as { status: IndexStatus; paths: string[] };
    expect(reading).toMatchObject({ paths: ["a.md"], status: { role: "reader", state: "ready", files: 1 } });
  },
  120_000,
);

test("a processor without AVX2 searches words in memory, and says why", () => {
  writeFileSync(join(root, "docs", "a.md"), page("a", "astrolabe"));
  const env = { ...process.env, SEARCHLIGHT_HOME: join(root, "home"), SEARCHLIGHT_ASSUME_NO_AVX2: "1" };
  const run = (...args: string[]): unknown =>
    JSON.parse(
      execFileSync(process.execPath, [cli, ...args, "--embedder", "none", "--json"], { encoding: "utf8", env }),
    );
  expect(run("search", join(root, "docs"), "astrolabe")).toMatchObject({ hits: [{ path: "a.md" }], state: "degraded" });
  expect(run("index", join(root, "docs"))).toMatchObject({
    status: {
      state: "degraded",
      reason: "This processor lacks AVX2, which LanceDB needs. Words are searched in memory.",
      files: 1,
    },
  });
}, 120_000);

test("a clock that is set back changes nothing", async () => {
  const docs: IndexFolder = indexFolder();
  try {
    docs.write("a.md", page("a", "astrolabe"));
    const index = await docs.open();
    await index.update(signal);
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2001-01-01") });
    docs.write("b.md", page("b", "bstrolabe"));
    await index.update(signal);
    expect(await pathsFound(index, "bstrolabe")).toEqual(["b.md"]);
    await docs.close(index);
    const again = await docs.open();
    await again.update(signal);
    expect(again.status()).toMatchObject({ state: "ready", role: "writer", files: 2 });
    expect(await pathsFound(again, "astrolabe")).toEqual(["a.md"]);
  } finally {
    vi.useRealTimers();
    await docs.dispose();
  }
});
