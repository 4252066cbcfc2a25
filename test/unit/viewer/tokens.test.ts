import { expect, test } from "vitest";
import { moved, rowOf, tokenRows } from "../../../media/viewer/token-rows.ts";
import { quantitiesOf, shadeOf, valueText } from "../../../media/viewer/token-values.ts";
import { trainedTrajectory } from "../../fixtures/trained-trajectory.ts";

const base = { tokenizer: "words", ids: [1, 2, 3] };

test("ratio and divergence are worked out where the record holds only log-probs", () => {
  const quantities = quantitiesOf({
    ...base,
    logprobs: [null, -1, -2],
    trainerLogprobs: [null, -1.5, -2],
    referenceLogprobs: [null, -1, -3],
  });
  const values = Object.fromEntries(quantities.map(({ name, values: of }) => [name, of]));
  expect(values["ratio"]).toEqual([null, Math.exp(-0.5), 1]);
  expect(values["kl"]).toEqual([null, -0.5, 1]);
});

test("a quantity that no token has is not offered", () => {
  expect(quantitiesOf({ ...base, logprobs: [null, null, null], kl: [] })).toEqual([]);
});

test("shades grow with the distance from neutral, on its side, and saturate", () => {
  const quantity = { neutral: 1, reach: 0.2 };
  expect([1, 1.001, 1.2, 9, 0.9, 0.7, null, undefined, NaN].map((value) => shadeOf(quantity, value))).toEqual([
    0, 1, 4, 4, -2, -4, 0, 0, 0,
  ]);
  expect(shadeOf({ neutral: 0, reach: 0 }, 5)).toBe(0);
});

test("numbers too small for four decimals are not shown as zero", () => {
  expect([valueText({ unit: "nats" }, 0.00002), valueText({ unit: "" }, -1.5), valueText({ unit: "" }, null)]).toEqual([
    "2.00e−5 nats",
    "−1.5000",
    "–",
  ]);
});

test("rows cover every token once, in order, and hold tokens of one segment only", () => {
  const { trajectory, texts } = trainedTrajectory();
  const rows = tokenRows(texts.length + 5, trajectory.segments, texts);
  expect(rows.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, at) => start + at))).toEqual(
    Array.from({ length: texts.length + 5 }, (_, at) => at),
  );
  expect(rows.at(-1)!.origin).toBeUndefined();
  for (const { start, end, origin } of rows.slice(0, -1)) {
    const owner = trajectory.segments.find(({ tokenStart, tokenEnd }) => start >= tokenStart! && start < tokenEnd!)!;
    expect(origin).toBe(owner.origin);
    expect(end).toBeLessThanOrEqual(owner.tokenEnd!);
    expect(end - start).toBeLessThanOrEqual(48);
  }
  for (const token of [0, 17, texts.length]) {
    const row = rows[rowOf(rows, token)]!;
    expect(token >= row.start && token < row.end).toBe(true);
  }
});

test("the keys move by token, row and page, and stop at the ends", () => {
  const rows = tokenRows(100, [], undefined);
  expect(rows).toHaveLength(3);
  expect([
    moved("ArrowRight", 99, rows),
    moved("ArrowLeft", 0, rows),
    moved("ArrowDown", 10, rows),
    moved("ArrowUp", 60, rows),
    moved("ArrowDown", 97, rows),
    moved("End", 0, rows),
    moved("x", 5, rows),
  ]).toEqual([99, 0, 48, 0, 99, 99, undefined]);
});
