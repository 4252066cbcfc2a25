import { expect, test } from "vitest";
import { chosenRows } from "../../../media/run-page/chart-table.tsx";
import { metricNames, planCharts, show } from "../../../media/run-page/chart-plan.ts";

test("every metric is in exactly one chart, also one that nobody foresaw", () => {
  const names = [
    "reward/mean",
    "reward/std",
    "reward/format",
    "reward/format/non-zero",
    "rule/no-answer",
    "kl",
    "entropy",
  ];
  const more = [
    "learning-rate",
    "gradient-norm",
    "time/train",
    "time/rollouts",
    "advantage/std",
    "policy-tokens",
    "odd",
  ];
  const charts = planCharts([...names, ...more]);
  expect(charts.flatMap(({ metrics }) => metrics).toSorted()).toEqual([...names, ...more].toSorted());
  expect(charts.find(({ metrics }) => metrics.includes("time/train"))?.metrics).toEqual([
    "time/train",
    "time/rollouts",
  ]);
  expect(charts.find(({ metrics }) => metrics.includes("learning-rate"))?.title).toBe("Learning rate");
  expect(charts.at(-1)).toEqual({ title: "odd", unit: "", metrics: ["odd"] });
});

test("more lines than can be told apart are drawn in several charts", () => {
  const names = Array.from({ length: 14 }, (_, at) => `reward/part-${at}`);
  const charts = planCharts(names);
  expect(charts.map(({ metrics }) => metrics.length)).toEqual([6, 6, 2]);
  expect(new Set(charts.map(({ title }) => title)).size).toBe(3);
});

test("a metric without a value has no chart", () => {
  expect(metricNames({ x: [0, 1], metrics: { a: [null, null], b: [null, 2] } })).toEqual(["b"]);
});

test("numbers are written with the digits that count", () => {
  expect([0, 2, 0.51584, -1.5, 2e-5, 1_234_567, null].map(show)).toEqual([
    "0",
    "2",
    "0.5158",
    "−1.5",
    "2.00e−5",
    "1.23e6",
    "–",
  ]);
});

test("a table has the last step and no more than fifty rows", () => {
  expect(chosenRows(3)).toEqual([2, 1, 0]);
  expect(chosenRows(10_000).length).toBeLessThanOrEqual(50);
  expect(chosenRows(10_000)[0]).toBe(9_999);
  expect(chosenRows(0)).toEqual([]);
});
