import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openRunFolder } from "../../../server/evaluation/runs/run-folder.ts";
import { sampleManifest, sampleRow } from "../../fixtures/evaluation-rows.ts";
import { sampleTrajectory } from "../../fixtures/trajectory.ts";

const root = join(import.meta.dirname, "../../..");
const home = mkdtempSync(join(tmpdir(), "compare-command-"));
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));

function compare(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, "server/cli.ts"), "compare", ...args], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

const count = 12;

/** A result folder with a row for each outcome. */
function run(name: string, outcomes: readonly boolean[], fields: Parameters<typeof sampleManifest>[0] = {}): string {
  const path = join(home, name);
  const folder = openRunFolder(path, sampleManifest(fields, count));
  for (const [index, right] of outcomes.entries()) {
    const hostile = { question: `Who | said <b>it</b>\n\u001b[31m${index}?` };
    const row = sampleRow(`q${String(index).padStart(2, "0")}`, right, hostile);
    // The last one is lost, as where a disk gave out between the two files.
    folder.append(row, index === count - 1 ? sampleTrajectory() : { ...sampleTrajectory(), id: row.trajectory });
  }
  folder.close();
  return path;
}

const half = run(
  "half",
  Array.from({ length: count }, (_, index) => index % 2 === 0),
);
const right = run(
  "right",
  Array.from({ length: count }, () => true),
  { policy: { id: "openai:m@http://x", kind: "openai", label: "m" } },
);

test("compare tells by how much a run is better, and lists every flip in JSON", async () => {
  const { stdout } = await compare(half, right, "--json");
  const comparison = JSON.parse(stdout);
  expect(comparison).toMatchObject({
    version: 1,
    questions: count,
    verdict: { verdict: "better", first: 0.5, second: 1, difference: 0.5 },
    right: { both: 6, onlyFirst: 0, onlySecond: 6, neither: 0, p: expect.closeTo(0.03125, 10) },
    lost: [],
  });
  expect(comparison.won.map(({ id }: { id: string }) => id)).toEqual(["q01", "q03", "q05", "q07", "q09", "q11"]);
});

test("compare prints a table for a person and obeys no control character of a question", async () => {
  const { stdout } = await compare(right, half, "--flips", "2");
  expect(stdout).toContain("The second run is worse in F1: -50.0");
  expect(stdout).toContain("Lost by the second run (6)");
  expect(stdout).toContain("and 4 more");
  expect(stdout).not.toContain("\u001b");
});

test("compare prints Markdown in which a question can neither end a cell nor become markup", async () => {
  const { stdout } = await compare(half, right, "--markdown");
  expect(stdout).toMatch(/^\| F1 \| 50\.0 \| 100\.0 \| \+50\.0 \|/mu);
  const row = stdout.split("\n").find((line) => line.includes("q01"))!;
  expect(row).toContain("Who \\| said \\<b\\>it\\</b\\>");
  expect(row.split(/(?<!\\)\|/u)).toHaveLength(7);
});

test("compare refuses runs that do not measure the same, with the fields, and takes them where allowed", async () => {
  const three = run(
    "three",
    Array.from({ length: count }, () => true),
    { topK: 3 },
  );
  expect(await compare(half, three)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/differ in topK \(5 and 3\)\. --allow topK compares/u),
  });
  expect(await compare(half, three, "--allow", "topK")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("The runs also differ in topK, as allowed."),
  });
  const part = run("part", [true, true]);
  expect(await compare(half, part)).toMatchObject({ code: 1, stderr: expect.stringContaining("2 of 12 questions") });
});

test("compare says what is wrong with its arguments", async () => {
  expect(await compare(half, home)).toMatchObject({ code: 2, stderr: expect.stringContaining("no run.json") });
  expect(await compare(half, right, "--metric", "bleu")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("cem1"),
  });
});

test("--show prints both trajectories of so many flips, and says where one is not kept", async () => {
  const { stdout } = await compare(right, half, "--show", "6");
  const shown = stdout.slice(stdout.indexOf("m: Who"));
  expect(shown.split("\n").filter((line) => /^(m|Extractive): Who/.test(line))).toHaveLength(12);
  expect(shown.split("not trained on").length - 1).toBeGreaterThanOrEqual(10);
  expect(shown.match(/is not in .*\.$/gm)).toHaveLength(2);
  expect(shown).not.toContain("\u001b");
  expect((await compare(right, half, "--show", "1", "--json")).code).toBe(2);
});
