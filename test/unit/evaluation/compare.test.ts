import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CompareTerms, type Comparison, compareRuns } from "../../../server/evaluation/runs/compare.ts";
import { hashOf } from "../../../server/evaluation/runs/manifest.ts";
import type { EvaluationRow } from "../../../server/evaluation/runs/row.ts";
import type { Run } from "../../../server/evaluation/runs/run-folder.ts";
import { summariseRun } from "../../../server/evaluation/runs/summary.ts";
import { sampleManifest, sampleRow } from "../../fixtures/evaluation-rows.ts";

const terms: CompareTerms = { metric: "f1", right: "cem1", seed: 1, allowed: [] };

function run(rows: EvaluationRow[], fields: Parameters<typeof sampleManifest>[0] = {}): Run {
  return { path: "/run", manifest: sampleManifest(fields, rows.length), rows };
}

function rowsOf(outcomes: readonly boolean[]): EvaluationRow[] {
  return outcomes.map((right, index) => sampleRow(`q${index}`, right));
}

function compared(first: Run, second: Run, given: Partial<CompareTerms> = {}): Comparison {
  const result = compareRuns(first, second, { ...terms, ...given });
  if (!result.ok) throw new Error(result.kind);
  return result.comparison;
}

describe("comparing two runs", () => {
  test("pairs by question whatever the order, and lists what was won and lost", () => {
    const first = run(rowsOf([true, false, true, false]));
    const second = run(rowsOf([true, true, false, false]).toReversed());
    const { right, won, lost, verdict, questions } = compared(first, second);
    expect(right).toMatchObject({ both: 1, onlyFirst: 1, onlySecond: 1, neither: 1, p: 1 });
    expect(won.map(({ id }) => id)).toEqual(["q1"]);
    expect(lost).toMatchObject([
      { id: "q2", first: { answer: "Rome", trajectory: first.rows[2]!.trajectory }, second: { answer: "Paris" } },
    ]);
    expect(verdict.verdict).toBe("cannot tell");
    expect(questions).toBe(4);
  });

  test("a clear lead is better, and swapping the runs turns every number round", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 2, maxLength: 40 }), (pairs) => {
        const first = run(rowsOf(pairs.map(([one]) => one)));
        const second = run(rowsOf(pairs.map(([, other]) => other)));
        const there = compared(first, second);
        const back = compared(second, first);
        expect(back.verdict.difference).toBeCloseTo(-there.verdict.difference, 12);
        expect(back.right!.p).toBe(there.right!.p);
        expect(back.won.map(({ id }) => id)).toEqual(there.lost.map(({ id }) => id));
      }),
      { numRuns: 20 },
    );
    const lead = compared(
      run(rowsOf(Array.from({ length: 40 }, (_, index) => index % 4 === 0))),
      run(rowsOf(Array.from({ length: 40 }, (_, index) => index % 4 !== 3))),
    );
    expect(lead.verdict).toMatchObject({ verdict: "better", difference: 0.5 });
    expect(lead.right!.p).toBeLessThan(0.001);
  });

  test("refuses unlike runs with every field, and compares them where the fields are allowed", () => {
    const first = run(rowsOf([true, false]));
    const second = run(rowsOf([true, true]), { topK: 3, corpus: { kind: "remote", hash: null, passages: null } });
    const result = compareRuns(first, second, terms);
    expect(result).toMatchObject({ ok: false, kind: "unlike" });
    if (!result.ok && result.kind === "unlike")
      expect(result.differences.map(({ field }) => field)).toEqual([
        "corpus.kind",
        "corpus.hash",
        "corpus.passages",
        "topK",
      ]);
    const { differs } = compared(first, second, { allowed: ["topK", "corpus"] });
    expect(differs.map(({ field }) => field)).toContain("topK");
  });

  test("policies may differ without asking", () => {
    const second = run(rowsOf([true]), { policy: { id: "openai:m@http://x", kind: "openai", label: "m" } });
    expect(compared(run(rowsOf([false])), second).won).toHaveLength(1);
  });

  test("refuses a run that is not finished unless samples may differ, and a measure that neither has", () => {
    const first = run(rowsOf([true, false, true]));
    const half: Run = { ...run(rowsOf([true, true, true])), rows: rowsOf([true]) };
    expect(compareRuns(first, half, terms)).toMatchObject({ ok: false, kind: "incomplete" });
    expect(compared(first, half, { allowed: ["sample"] }).questions).toBe(1);
    expect(compareRuns(first, first, { ...terms, metric: "judge" })).toMatchObject({ ok: false, kind: "nothing" });
  });

  test("where the documents hold no answer, an abstention is right", () => {
    const asked = { golds: [], answerable: false, metrics: null };
    const first = run([sampleRow("u", false, { ...asked, abstained: false }), sampleRow("v", true)]);
    const second = run([sampleRow("u", false, { ...asked, abstained: true }), sampleRow("v", true)]);
    expect(compared(first, second).won.map(({ id }) => id)).toEqual(["u"]);
  });

  test("an F1 of a half is right where F1 decides", () => {
    const scored = (f1: number) =>
      run([sampleRow("a", false, { metrics: { ...sampleRow("a", true).metrics!, cem1: 0, f1 } })]);
    expect(compared(scored(0.49), scored(0.5), { right: "f1" }).won).toHaveLength(1);
    expect(compared(scored(0.49), scored(0.5)).won).toEqual([]);
  });

  test("a judge decides what is right where it is asked to", () => {
    const judged = (verdict: "true" | "false") =>
      run([sampleRow("a", false, { judge: { verdict } })], {
        judge: { policy: "openai:j@http://x", prompt: hashOf("j") },
      });
    expect(compared(judged("false"), judged("true"), { right: "judge", metric: "judge" }).won).toHaveLength(1);
  });
});

describe("the summary of a run", () => {
  test("does not depend on the order of rows; failures count as wrong and are counted", () => {
    const rows = [
      ...rowsOf([true, false, true]),
      sampleRow("f", false, { stop: { reason: "policy-error" }, answer: null }),
    ];
    const summary = summariseRun(rows, 5);
    expect(summariseRun(rows.toReversed(), 5)).toEqual(summary);
    expect(summary).toMatchObject({ rows: 4, failed: 1, stops: { finished: 3, "policy-error": 1 } });
    expect(summary.means.em).toMatchObject({ mean: 0.5, rows: 4 });
    expect(summary.means.answered!.mean).toBe(0.75);
    expect(summary.means.judge).toBeUndefined();
    expect(summary.judge).toBeUndefined();
  });

  test("says how a judge agrees with the metrics and how often it said nothing", () => {
    const rows = [
      sampleRow("a", true, { judge: { verdict: "true" } }),
      sampleRow("b", false, { judge: { verdict: "false" } }),
      sampleRow("c", false, { judge: { verdict: "true" } }),
      sampleRow("d", false, { judge: { verdict: "unclear", error: "gone" } }),
    ];
    const { judge, means } = summariseRun(rows, 1);
    expect(judge).toMatchObject({ em: { rows: 3, agree: expect.closeTo(2 / 3, 10) }, unclear: 1 });
    expect(means.judge).toMatchObject({ rows: 3 });
  });

  test("splits by the kinds that the set names", () => {
    const rows = [
      sampleRow("a", true, { type: "bridge" }),
      sampleRow("b", false, { type: "bridge" }),
      sampleRow("c", true),
    ];
    expect(summariseRun(rows, 1).types).toEqual({ bridge: { rows: 2, f1: 0.5, cem1: 0.5 } });
  });
});
