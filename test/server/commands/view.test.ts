import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openFolder } from "../../../server/home.ts";
import { openTrajectoryStore } from "../../../server/trajectories/store.ts";
import { twoHopStory } from "../../fixtures/story.ts";

const program = join(import.meta.dirname, "../../../server/cli.ts");
const folder = mkdtempSync(join(tmpdir(), "view-"));
const env = { ...process.env, SEARCHLIGHT_HOME: join(folder, "home") };
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

function view(
  args: string[],
  extra: Record<string, string> = {},
  command = "view",
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const styles: NodeJS.ProcessEnv = { ...env, ...extra };
    for (const name of ["NO_COLOR", "FORCE_COLOR"]) if (!(name in extra)) delete styles[name];
    const options = { env: styles, encoding: "utf8" as const, maxBuffer: 2 ** 26 };
    execFile(process.execPath, [program, command, ...args], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

function file(name: string, ...rows: unknown[]): string {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => `${typeof row === "string" ? row : JSON.stringify(row)}\n`).join(""));
  return path;
}

const rollout = {
  id: "a",
  question: "When does it open?",
  answers: ["at six"],
  text: "I look. <|begin_of_query|> dome<|end_of_query|>\n\n<|begin_of_documents|>\n(1)Dome   \u001b[31mIt opens at six.\n<|end_of_documents|>\n\nSix.</think>\n<answer> as an assistant: six </answer>",
};
const { trajectory } = twoHopStory();

test("a piped trajectory names its masked spans in words, its hits and the rule that cost points, without styles", async () => {
  const { code, stdout } = await view([file("one.jsonl", rollout), "--reward", "released-qwen"]);
  expect(code).toBe(0);
  expect(stdout).not.toContain("\u001b");
  expect(stdout).toMatch(/\n\[documents, environment: \d+ characters, masked, not trained on\]\n(▒ .*\n)+/u);
  expect(stdout).toContain("▒ (1)Dome   \\u{1b}[31mIt opens at six.");
  expect(stdout).toContain("Search 1: dome\n  1 hit");
  expect(stdout).toMatch(/Reward \S+ by released-qwen\n[^]*-2 assistant-word at \d+-\d+: /u);
});

test("on a terminal that wants styles masked spans are dimmed; NO_COLOR gives the same text as a pipe", async () => {
  const path = file("styled.jsonl", rollout);
  const styled = await view([path], { FORCE_COLOR: "1" });
  expect(styled.stdout).toContain("\u001b[2m▒ (1)Dome");
  expect(styled.stdout).not.toContain("\u001b[2m│");
  const plain = await view([path], { NO_COLOR: "1" });
  expect(plain.stdout).toBe((await view([path])).stdout);
});

test("--id chooses one of a file, --json prints the records, and a record that cannot be read is named", async () => {
  const path = file("several.jsonl", rollout, "no json", { ...rollout, id: "b" });
  const all = await view([path, "--json"]);
  const { version, trajectories, bad } = JSON.parse(all.stdout);
  expect(version).toBe(1);
  expect(trajectories.map((each: { trajectory: { id: string } }) => each.trajectory.id)).toEqual(["a", "b"]);
  expect(trajectories[0].trajectory.text).toBe(rollout.text);
  expect(trajectories[0].reward.components.length).toBeGreaterThan(0);
  expect(bad).toMatchObject([{ line: 2 }]);
  expect(all.stderr).toContain("line 2");
  const one = JSON.parse((await view([path, "--json", "--id", "b"])).stdout);
  expect(one.trajectories).toMatchObject([{ trajectory: { id: "b" } }]);
});

test("a folder shows the latest of its store, or the one of an id", async () => {
  const docs = join(folder, "docs");
  mkdirSync(docs);
  const store = await openTrajectoryStore(openFolder(docs, env.SEARCHLIGHT_HOME).trajectoriesHome);
  const later = { ...trajectory, id: "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", question: "Later?" };
  await store.add(trajectory);
  await store.add(later);
  store.close();
  expect((await view([docs])).stdout).toContain("Question: Later?");
  const shown = await view([docs, "--id", trajectory.id]);
  expect(shown.stdout).toContain(`Trajectory ${trajectory.id}\n  Question: ${trajectory.question}`);
  const missing = await view([docs, "--id", "01ARZ3NDEKTSV4RRFFQ69G5FAV"]);
  expect(missing).toMatchObject({ code: 1, stdout: "" });
  expect(missing.stderr).toContain("There is no trajectory 01ARZ3NDEKTSV4RRFFQ69G5FAV");
});

test("what cannot be shown ends with a sentence: no such path, no such id, nothing readable, an unknown reward", async () => {
  const path = file("few.jsonl", rollout);
  expect(await view([join(folder, "none.jsonl")])).toMatchObject({ code: 2, stdout: "" });
  expect(await view([path, "--reward", "no-such"])).toMatchObject({ code: 2, stdout: "" });
  const other = await view([path, "--id", "\u001bz"]);
  expect(other).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("\\u{1b}z") as string });
  expect(await view([file("junk.jsonl", "junk", "{}")])).toMatchObject({ code: 1, stdout: "" });
});

test("a reader that goes away ends the command quietly and early", async () => {
  const rows = Array.from({ length: 3_000 }, (_, index) => ({ ...rollout, id: `r${index}` }));
  const child = spawn(process.execPath, [program, "view", file("many.jsonl", ...rows)], { env });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdout.once("data", () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test("export writes one page without script or address, all or one of a file, and nothing where it fails", async () => {
  const path = file(
    "exported.jsonl",
    { ...rollout, text: `<script src="https://evil.test/x.js"></script>${rollout.text}` },
    { ...rollout, id: "b" },
  );
  const out = join(folder, "page.html");
  const write = (...args: string[]) => view(["--html", ...args], {}, "export");
  expect(await write(path, "-o", out)).toMatchObject({ code: 0, stdout: "" });
  const page = readFileSync(out, "utf8");
  expect(page.match(/<article>/gu)).toHaveLength(2);
  expect(page).not.toMatch(/<script|<link|<img|<a |\bon\w+=|href=|src="/u);
  expect(page).toContain("default-src 'none'");
  await write(path, "-o", out, "--id", "b");
  expect(readFileSync(out, "utf8").match(/<article>/gu)).toHaveLength(1);
  const before = readFileSync(path, "utf8");
  expect(await write(path, "-o", path)).toMatchObject({ code: 2 });
  expect(readFileSync(path, "utf8")).toBe(before);
  const absent = join(folder, "absent.html");
  expect(await write(path, "-o", absent, "--id", "none")).toMatchObject({ code: 1 });
  expect(await write(path, "-o", join(path, "below-a-file"))).toMatchObject({ code: 1 });
  expect(readdirSync(folder).filter((name) => /absent|partial/u.test(name))).toEqual([]);
});
