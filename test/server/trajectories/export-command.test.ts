import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import { foreignRecords, primeRow, verlRow } from "../../fixtures/foreign-records.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "export-command-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the terminal program on its sources. */
async function searchlight(...given: string[]): Promise<Ended> {
  const env = { ...process.env, SEARCHLIGHT_HOME: path.join(folder, "home") };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ["server/cli.ts", ...given], { env });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Ended;
    return { code, stdout, stderr };
  }
}

const file = (name: string): string => path.join(folder, name);

it("writes one file of many formats in another, names what is wrong, and reads it again", async () => {
  const lines = foreignRecords.map(([, record]) => JSON.stringify(record));
  await writeFile(file("mixed.jsonl"), [...lines, "{broken", ""].join("\n"));
  const written = await searchlight(
    "export",
    "--format",
    "atif",
    file("mixed.jsonl"),
    "-o",
    file("all.jsonl"),
    "--json",
  );
  expect(written.stderr).toContain("line 9: the line is no JSON");
  expect(JSON.parse(written.stdout)).toMatchObject({
    format: "atif",
    written: 8,
    refused: [],
    bad: [{ line: 9, field: "the line", reason: "is no JSON" }],
  });
  const view = await searchlight("view", file("all.jsonl"), "--json");
  expect((JSON.parse(view.stdout) as { trajectories: unknown[] }).trajectories).toHaveLength(8);
});

it("leaves out what a format cannot hold, and fails where it can hold nothing", async () => {
  await writeFile(file("both.jsonl"), `${JSON.stringify(verlRow)}\n${JSON.stringify(primeRow)}\n`);
  const some = await searchlight("export", "--format", "prime-rl", file("both.jsonl"), "-o", file("tokens.jsonl"));
  expect(some).toMatchObject({ code: 0, stderr: expect.stringContaining("r-1 is left out: it holds no token ids.") });
  expect(JSON.parse(await readFile(file("tokens.jsonl"), "utf8"))).toEqual(primeRow);
  await writeFile(file("text.jsonl"), `${JSON.stringify(verlRow)}\n`);
  const none = await searchlight("export", "--format", "prime-rl", file("text.jsonl"), "-o", file("none.jsonl"));
  expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining("Nothing is written") });
  await expect(readFile(file("none.jsonl"))).rejects.toThrow("ENOENT");
});

it("reads the text of token ids by a tokenizer, and says what is no tokenizer", async () => {
  const letters = Object.fromEntries(Array.from({ length: 128 }, (_, code) => [String.fromCharCode(code), code]));
  const nothing = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
  const model = { type: "BPE", vocab: letters, merges: [] };
  await writeFile(file("tokenizer.json"), JSON.stringify({ version: "1.0", added_tokens: [], ...nothing, model }));
  await writeFile(file("prime.jsonl"), `${JSON.stringify(primeRow)}\n`);
  const { stdout } = await searchlight("view", file("prime.jsonl"), "--tokenizer", folder, "--json");
  const [{ trajectory }] = (JSON.parse(stdout) as { trajectories: [{ trajectory: { text: string } }] }).trajectories;
  expect(trajectory.text.replaceAll(" ", "")).toBe("Q:ABDEFC");
  const wrong = await searchlight("view", file("prime.jsonl"), "--tokenizer", file("prime.jsonl"));
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("--tokenizer takes a tokenizer.json") });
});

it("refuses unclear wishes", async () => {
  await writeFile(file("one.jsonl"), `${JSON.stringify(verlRow)}\n`);
  const to = ["-o", file("out")];
  expect(await searchlight("export", file("one.jsonl"), ...to)).toMatchObject({ code: 2 });
  expect(await searchlight("export", "--html", "--format", "verl", file("one.jsonl"), ...to)).toMatchObject({
    code: 2,
  });
  expect(await searchlight("export", "--format", "nothing", file("one.jsonl"), ...to)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("there are searchlight, r1-searcher, verl"),
  });
  expect(await searchlight("export", "--format", "verl", file("one.jsonl"), "-o", file("one.jsonl"))).toMatchObject({
    code: 2,
  });
});
