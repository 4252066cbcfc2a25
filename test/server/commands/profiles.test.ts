import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { builtInProfiles } from "../../../server/rollout/profile.ts";
import { fillPrompt } from "../../../server/rollout/prompt.ts";

const root = join(import.meta.dirname, "../../..");

async function searchlight(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [join(root, "server/cli.ts"), ...args])) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

test("profiles lists every built-in profile with what it is for", async () => {
  const { stdout } = await searchlight("profiles");
  const lines = stdout.trim().split("\n");
  expect(lines).toHaveLength(builtInProfiles.length);
  expect(lines.map((line) => line.split(/ {2,}/))).toEqual(builtInProfiles.map(({ name, about }) => [name, about]));
  const json = await searchlight("profiles", "--json");
  expect(JSON.parse(json.stdout)).toEqual({
    version: 1,
    profiles: builtInProfiles.map(({ name, about }) => ({ name, about })),
  });
});

test("profiles show prints the exact prompt of a question", async () => {
  const question = "Who built {question} and why?";
  const profile = builtInProfiles.find(({ name }) => name === "r1-searcher")!;
  const { stdout } = await searchlight("profiles", "show", "r1-searcher", "--question", question);
  expect(stdout).toBe(`${fillPrompt(profile, question).text}\n`);
  const json = await searchlight("profiles", "show", "r1-searcher", "--question", question, "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({
    version: 1,
    question,
    profile: { name: "r1-searcher" },
    prompt: { text: fillPrompt(profile, question).text, prefix: "<think>" },
  });
});

test("profiles show of a profile that is not there is wrong usage", async () => {
  const { code, stdout, stderr } = await searchlight("profiles", "show", "nope");
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("There is no profile nope");
});
