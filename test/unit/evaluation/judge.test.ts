import { describe, expect, it } from "vitest";
import { askOnce } from "../../../server/ask-once.ts";
import { answerMetrics } from "../../../server/evaluation/answer-metrics.ts";
import { agreement, judgeAnswer, judgePrompt, parseVerdict } from "../../../server/evaluation/judge.ts";
import type { PolicyTurn } from "../../../server/models/policy.ts";
import { scriptedPolicy } from "../../../server/models/scripted.ts";
import { hasReference, referenceRows } from "../../fixtures/golden.ts";

const answer = { question: "Is {gold} a metal?", gold: "True", prediction: "yes $& {question}" };

describe("the judge", () => {
  it("is asked with the paper's prompt, a Boolean put as yes or no and braces left alone", () => {
    const lines = judgePrompt(answer).split("\n");
    expect(lines.slice(1)).toEqual([
      "",
      "Question: Is {gold} a metal?",
      "Golden Answer: yes",
      "Predicted Answer: yes $& {question}",
      "",
    ]);
    expect(lines[0]).toMatch(/^Given a Question and its Golden Answer, .* False otherwise\.$/u);
  });

  it("is any policy that writes True or False", async () => {
    const policy = scriptedPolicy([
      { text: ["Tr", "ue."], finish: { reason: "end" } },
      { text: "It is not the same. **False**", finish: { reason: "end" } },
      { text: "I cannot say.", finish: { reason: "end" } },
    ]);
    const ask = askOnce(policy);
    const { signal } = new AbortController();
    expect(await judgeAnswer(ask, answer, signal)).toBe("true");
    expect(await judgeAnswer(ask, answer, signal)).toBe("false");
    expect(await judgeAnswer(ask, answer, signal)).toBe("unclear");
  });

  it("gets the prompt as its only message and may not search", async () => {
    const turns: PolicyTurn[] = [];
    const scripted = scriptedPolicy([{ text: "True", finish: { reason: "end" } }]);
    const ask = askOnce({
      ...scripted,
      generate: (turn, signal) => (turns.push(turn), scripted.generate(turn, signal)),
    });
    await ask("Prompt?", new AbortController().signal);
    expect(turns).toMatchObject([
      { messages: [{ role: "user", content: "Prompt?" }], searchesLeft: 0, sampling: { temperature: 0 } },
    ]);
  });

  it("decides by its last word where it thinks aloud", () => {
    expect(parseVerdict("If True it would be red. So: False")).toBe("false");
    expect(parseVerdict("untrue")).toBe("unclear");
    expect(parseVerdict("")).toBe("unclear");
  });
});

describe("agreement", () => {
  it("counts shares and what they exceed chance by", () => {
    const pairs = [
      { judge: true, metric: 1 },
      { judge: true, metric: 0 },
      { judge: false, metric: 0 },
      { judge: false, metric: 0.2 },
    ];
    expect(agreement(pairs)).toEqual({ rows: 4, judged: 0.5, agree: 0.75, kappa: 0.5 });
  });

  it("has no kappa where nothing varies, and nothing to say of no rows", () => {
    expect(agreement([{ judge: true, metric: 1 }])).toMatchObject({ agree: 1, kappa: null });
    expect(agreement([])).toBeUndefined();
  });
});

const file = "data/trajectories-r1-searcher/trajectories.jsonl";

describe.skipIf(!hasReference(file))("the judge of the released rollouts", () => {
  it("never calls an exact match wrong", () => {
    const rows = referenceRows<{ predicted: string; answers: string[]; judge: boolean }>(file);
    const pairs = rows.map(({ predicted, answers, judge }) => ({
      judge,
      metric: answerMetrics(predicted, answers).em,
    }));
    expect(pairs.some(({ judge, metric }) => metric === 1 && !judge)).toBe(false);
    expect(agreement(pairs)).toMatchObject({ rows: 580, judged: 379 / 580, agree: 510 / 580 });
  });
});
