import fc from "fast-check";
import { expect, test } from "vitest";
import { downsample, nearest, smooth } from "../../../media/run-page/smooth.ts";

const column = fc.array(fc.option(fc.double({ min: -1e6, max: 1e6, noNaN: true })), { maxLength: 400 });

test("smoothing leaves a constant alone from its first value on", () => {
  const smoothed = smooth(
    Array.from({ length: 20 }, () => 3),
    0.9,
  );
  for (const value of smoothed) expect(value).toBeCloseTo(3, 12);
});

test("smoothing is the bias-corrected moving average", () => {
  // By hand: m1 = 0.5·1, m2 = 0.5·m1 + 0.5·3 = 1.75; divided by 1 − 0.5 and 1 − 0.25.
  expect(smooth([1, null, 3], 0.5)).toEqual([1, null, 1.75 / 0.75]);
});

test("without weight the values are as they are", () => {
  fc.assert(
    fc.property(column, (values) => {
      expect(smooth(values, 0)).toEqual(values);
    }),
  );
});

test("a smoothed value lies between the values before it", () => {
  fc.assert(
    fc.property(column, fc.double({ min: 0.01, max: 0.98, noNaN: true }), (values, weight) => {
      smooth(values, weight).forEach((value, index) => {
        if (value === null) return expect(values[index]).toBeNull();
        const before = values.slice(0, index + 1).filter((each) => each !== null);
        const slack = 1e-9 * Math.max(1, ...before.map(Math.abs));
        expect(value).toBeGreaterThanOrEqual(Math.min(...before) - slack);
        expect(value).toBeLessThanOrEqual(Math.max(...before) + slack);
      });
    }),
  );
});

test("drawing fewer points keeps every extreme, the order of steps, and the limit", () => {
  fc.assert(
    fc.property(fc.array(column, { minLength: 1, maxLength: 3 }), fc.integer({ min: 4, max: 60 }), (columns, most) => {
      const length = Math.max(...columns.map((each) => each.length));
      const filled = columns.map((each) => Array.from({ length }, (_, at) => each[at] ?? null));
      const x = Array.from({ length }, (_, at) => at * 2);
      const drawn = downsample(x, filled, most);
      expect(drawn.x.length).toBeLessThanOrEqual(Math.max(most, 1));
      expect(drawn.x).toEqual(drawn.x.toSorted((a, b) => a - b));
      filled.forEach((values, index) => {
        const given = values.filter((value) => value !== null);
        const shown = drawn.columns[index]!.filter((value) => value !== null);
        expect(drawn.columns[index]).toHaveLength(drawn.x.length);
        if (given.length === 0) return expect(shown).toEqual([]);
        // A last bucket of one step has one point, which is that step's.
        expect(Math.max(...shown)).toBe(Math.max(...given));
        expect(Math.min(...shown)).toBe(Math.min(...given));
      });
    }),
  );
});

test("the nearest step is the nearest step", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 1 }),
      fc.double({ min: -10, max: 1010, noNaN: true }),
      (steps, value) => {
        const x = steps.toSorted((a, b) => a - b);
        const distance = Math.abs(x[nearest(x, value)]! - value);
        expect(distance).toBe(Math.min(...x.map((step) => Math.abs(step - value))));
      },
    ),
  );
  expect(nearest([], 3)).toBe(-1);
});
