import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Trajectory } from "../../../protocol/trajectory.ts";
import { type Policy } from "../../../server/models/policy.ts";
import { noTerms } from "../../../server/rewards/optional-terms.ts";
import { rewardProfile } from "../../../server/rewards/profiles.ts";
import { r1Searcher } from "../../../server/rollout/profiles/r1-searcher.ts";
import { sampleGroups } from "../../../server/sample-groups.ts";
import { functionRetriever, remotePassage } from "../../fixtures/retriever.ts";

const run = promisify(execFile);
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "searchlight-rollouts-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

const { tags } = r1Searcher;
/** Answers rightly where its seed is even; asks the same query in every rollout of a question. */
const byParity: Policy = {
  ref: { id: "scripted", kind: "scripted", label: "Parity" },
  form: "text",
  async *generate({ transcript, sampling }) {
    if (transcript.searches.length === 0) {
      yield { text: `${tags.queryOpen}about ${transcript.question}` };
      return { reason: "stop", stop: tags.queryClose };
    }
    yield {
      text: `I read.${tags.thinkClose}\n\n${tags.answerOpen} ${sampling.seed! % 2 === 0 ? "Quill" : "Penguin"} ${tags.answerClose}`,
    };
    return { reason: "end" };
  },
};

describe("groups of rollouts", () => {
  test("share their searches, differ by their seeds, and are scored as groups in the order of the questions", async () => {
    const retriever = functionRetriever(() => [remotePassage("1\tMarta Quill built the dome.")]);
    const question = (id: string) => ({ id, question: `${id}?`, golds: ["Marta Quill", "Quill"] });
    const groups = [];
    for await (const group of sampleGroups(
      {
        questions: ["q1", "q2", "q3"].map(question) as never,
        samples: 4,
        together: 2,
        profile: r1Searcher,
        policy: byParity,
        retriever,
        reward: rewardProfile("released-qwen")!,
        terms: noTerms,
        seed: 10,
        concurrency: 8,
      },
      new AbortController().signal,
    )) {
      groups.push({
        id: group.question.id,
        rewards: group.trajectories.map(({ reward }) => reward!.total),
        seeds: group.trajectories.map(({ sampling }) => sampling.seed),
      });
    }
    expect(groups).toEqual(["q1", "q2", "q3"].map((id) => ({ id, rewards: [1, 0, 1, 0], seeds: [10, 11, 12, 13] })));
    // Twelve rollouts, three different queries.
    expect(retriever.queries).toEqual(["about q1?", "about q2?", "about q3?"]);
  });
});

describe("searchlight rollouts", () => {
  const command = async (...args: string[]) => {
    try {
      const { stdout } = await run(process.execPath, ["server/cli.ts", "rollouts", ...args], {
        env: { ...process.env, SEARCHLIGHT_HOME: join(root, "home") },
      });
      return { code: 0, stdout, stderr: "" };
    } catch (error) {
      return error as { code: number; stdout: string; stderr: string };
    }
  };

  test("writes scored trajectories that can be read back, and never over a file that is there", async () => {
    const data = join(root, "questions.jsonl");
    const passages = join(root, "passages.jsonl");
    const out = join(root, "rollouts.jsonl");
    writeFileSync(
      data,
      `${JSON.stringify({ id: "a", question: "Who built the North Dome?", answers: ["Marta Quill"] })}\n`,
    );
    writeFileSync(
      passages,
      `${JSON.stringify({ id: "p1", title: "North Dome", text: "The North Dome was built by Marta Quill in 1987." })}\n`,
    );
    const args = [
      "--data",
      data,
      "--index",
      passages,
      "--embedder",
      "none",
      "--mode",
      "words",
      "--samples",
      "2",
      "--out",
      out,
      "--json",
    ];
    const first = await command(...args);
    expect(first, first.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(first.stdout)).toMatchObject({
      samples: 2,
      totals: { rollouts: 2, withoutSpread: 1 },
      groups: [{ id: "a", stops: ["finished", "finished"] }],
    });
    const lines = readFileSync(out, "utf8")
      .trim()
      .split("\n")
      .map((line) => Trajectory.parse(JSON.parse(line)));
    expect(lines.map(({ reward }) => reward?.profile)).toEqual(["released-qwen", "released-qwen"]);

    const again = await command(...args);
    expect(again).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is there already; name another file.") as string,
    });
    expect(readFileSync(out, "utf8").trim().split("\n")).toHaveLength(2);
  });
});
