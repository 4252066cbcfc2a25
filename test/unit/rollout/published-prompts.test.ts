import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { builtInProfiles, type Profile } from "../../../server/rollout/profile.ts";
import { fillPrompt } from "../../../server/rollout/prompt.ts";
import { hasReference, referenceFile } from "../../fixtures/golden.ts";

const file = "spec/r1-searcher.md";
const question = "Which of the two came first, “A”\nor $& {question}";
const filled = (name: string) => fillPrompt(named(name), question);

function named(name: string): Profile {
  return builtInProfiles.find((profile) => profile.name === name)!;
}

/** The first block of exact text in a numbered section of the specification. */
function block(section: string): string {
  const text = readFileSync(referenceFile(file), "utf8");
  const from = text.indexOf(`\n### ${section} `);
  const next = text.indexOf("\n### ", from + 1);
  const [, exact] = /^```text\n([^]*?)\n```$/mu.exec(text.slice(from, next))!;
  return exact!;
}

describe.skipIf(!hasReference(file))("the prompts, byte for byte as published", () => {
  test("r1-searcher", () => {
    expect(filled("r1-searcher").text).toBe(block("1.1").replace("{question}", () => question));
  });

  test("r1-searcher-instruct: system prompt, bare question, opening think tag", () => {
    const { system, user, prefix } = filled("r1-searcher-instruct");
    expect([system, user, prefix]).toEqual([block("1.2"), question, "<think>"]);
  });

  test("r1-searcher-eval-v0: the training prompt with its own last two instructions", () => {
    const lines = block("1.1").split("\n");
    const replaced = lines.findIndex((line) => line.startsWith("During the thinking process"));
    lines.splice(replaced, 2, ...block("1.3").split("\n"));
    expect(lines).toHaveLength(block("1.1").split("\n").length);
    expect(filled("r1-searcher-eval-v0").text).toBe(lines.join("\n").replace("{question}", () => question));
  });

  test("search-r1: one paragraph, the question closed by its mark, a line break", () => {
    const { system, user, prefix } = filled("search-r1");
    expect([system, user, prefix]).toEqual(["", `${block("6.8").replace("{question}", () => `${question}?`)}\n`, ""]);
  });

  test("search-r1's feedback on an invalid action, between line breaks", () => {
    const text = readFileSync(referenceFile(file), "utf8");
    const [, feedback] = /Invalid action feedback[^`]*`([^`]+)`/u.exec(text)!;
    expect(named("search-r1").invalidAction).toBe(`\n${feedback}\n`);
  });
});

test.each([
  ["r1-searcher", { temperature: 1, topP: 0.95, maxSegmentTokens: 512 }, { searches: 8, passages: 3 }],
  ["r1-searcher-instruct", { temperature: 1, topP: 0.95, maxSegmentTokens: 512 }, { searches: 8, passages: 3 }],
  ["r1-searcher-eval-v0", { temperature: 0, topP: 0.95, maxSegmentTokens: 512 }, { searches: 9, passages: 5 }],
  ["search-r1", { temperature: 1, maxSegmentTokens: 500 }, { searches: 4, passages: 3 }],
])("%s samples, searches and reads as much as the published program", (name, sampling, limits) => {
  expect(named(name)).toMatchObject({ sampling, limits });
});
