import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TrainingSequence } from "../../../../server/training/engine.ts";
import { alignedRow, datumBytes, shiftedDatum } from "../../../../server/training/tinker/shifted-datum.ts";
import { jsonPass, protoPass } from "../../../../server/training/tinker/training-wire.ts";

const sequence: TrainingSequence = {
  ids: [10, 11, 12, 13],
  weights: [1, 1, 0, 1],
  advantages: [9, 2, Number.NaN, -2],
  logprobs: [Number.NaN, -1, -200, -3],
};

describe("a sequence shifted for the engine", () => {
  it("predicts each token from those before it, with every array at the token it belongs to", () => {
    const { input, target, weights, advantages, logprobs } = shiftedDatum(sequence);
    expect([...input]).toEqual([10, 11, 12]);
    expect([...target]).toEqual([11, 12, 13]);
    expect([...weights]).toEqual([1, 0, 1]);
    expect([...advantages!]).toEqual([2, 0, -2]);
    expect([...logprobs!]).toEqual([-1, 0, -3]);
  });

  it("never carries what would spoil the weights: old log-probs and advantages are 0 wherever nothing is trained", () => {
    const anything = fc.oneof(
      fc.constantFrom(Number.NaN, -Infinity, Infinity, -81, -1e30),
      fc.double({ min: -80, max: 0, noNaN: true }),
    );
    const rows = fc.array(fc.record({ id: fc.nat(2000), weight: fc.constantFrom(0, 1), value: anything }), {
      minLength: 2,
      maxLength: 20,
    });
    fc.assert(
      fc.property(rows, (tokens) => {
        const datum = shiftedDatum({
          ids: tokens.map(({ id }) => id),
          weights: tokens.map(({ weight }) => weight),
          advantages: tokens.map(({ value }) => value),
          logprobs: tokens.map(({ value }) => value),
        });
        tokens.slice(1).forEach(({ id, weight, value }, at) => {
          expect(datum.target[at]).toBe(id);
          expect(datum.logprobs![at]).toBe(weight === 0 ? 0 : Math.fround(value));
          expect(datum.advantages![at]).toBe(weight === 0 ? 0 : Math.fround(value));
        });
      }),
    );
  });

  it("goes back to rows of the tokens' own places", () => {
    expect([...alignedRow([-1, -2, -3])]).toEqual([0, -1, -2, -3]);
  });
});

describe("the size of a datum", () => {
  const pass = { modelId: "", sequence: 0, loss: { kind: "importance-sampling" }, forwardOnly: false } as const;

  it("bounds what either wire takes", () => {
    const long = Array.from({ length: 500 }, (_, at) => 100_000 + at);
    const datum = shiftedDatum({
      ids: long,
      weights: long.map(() => 1),
      advantages: long.map((_, at) => 1 / (at + 3)),
      logprobs: long.map((_, at) => -1 / (at + 7)),
    });
    const proto = protoPass({ ...pass, datums: [datum] }).length;
    const json = JSON.stringify(jsonPass({ ...pass, datums: [datum] })).length;
    expect(datumBytes(datum, "proto")).toBeGreaterThan(0.9 * proto);
    expect(datumBytes(datum, "proto")).toBeLessThan(1.1 * proto);
    expect(datumBytes(datum, "json")).toBeGreaterThan(0.9 * json);
    expect(datumBytes(datum, "json")).toBeLessThan(1.6 * json);
  });
});
