import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SampleRequest } from "../../../../server/training/engine.ts";
import { paddedLength } from "../../../../server/training/tinker/padded-length.ts";
import { mostCallBytes, mostDatums, planPasses } from "../../../../server/training/tinker/plan-passes.ts";
import { paddedStops, planSampling } from "../../../../server/training/tinker/plan-sampling.ts";
import { type Datum, datumBytes } from "../../../../server/training/tinker/shifted-datum.ts";

const request = (length: number, maxTokens: number): SampleRequest => ({
  prompt: Array.from({ length }, () => 1),
  maxTokens,
  temperature: 1,
  seed: 0,
  stopIds: [],
});

describe("the padded length", () => {
  it("is 32 at least, then two significant binary digits", () => {
    expect([1, 32, 33, 48, 49, 64, 65, 96, 97, 128, 129, 1025, 1537].map(paddedLength)).toEqual([
      32, 32, 48, 48, 64, 64, 96, 96, 128, 128, 192, 1536, 2048,
    ]);
  });
});

describe("a sampling plan", () => {
  it("fills the engine's width whatever is asked, asks enough, fits the context, and holds every request", () => {
    const requests = fc.array(fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 100 })), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(requests, fc.integer({ min: 1, max: 20 }), (asked, width) => {
        const all = asked.map(([length, tokens]) => request(length, tokens));
        const batches = planSampling(all, width, 300);
        expect(batches).toHaveLength(Math.ceil(all.length / width));
        for (const { indices, maxTokens } of batches) {
          expect(indices).toHaveLength(width);
          for (const index of indices) {
            expect(maxTokens).toBeGreaterThanOrEqual(all[index]!.maxTokens);
            expect(all[index]!.prompt.length + maxTokens).toBeLessThanOrEqual(300);
          }
        }
        const held = new Set(batches.flatMap(({ indices }) => indices));
        expect(held.size).toBe(all.length);
      }),
    );
  });

  it("puts requests of one limit and length together, and fills up with the shortest prompt", () => {
    const all = [request(10, 8), request(300, 64), request(12, 8), request(280, 64), request(40, 8)];
    const batches = planSampling(all, 2, 2048);
    expect(batches.map(({ indices }) => indices)).toEqual([
      [1, 3],
      [4, 0],
      [2, 2],
    ]);
    expect(planSampling([request(100, 4), request(5, 4)], 4, 2048)[0]!.indices).toEqual([0, 1, 1, 1]);
  });

  it("rounds limits up so that few shapes are compiled, but not where a model ends", () => {
    const limit = (tokens: number, length = 10, context = 2048) =>
      planSampling([request(length, tokens)], 1, context)[0]!.maxTokens;
    expect([1, 5, 8, 9, 17, 30, 33, 100].map((tokens) => limit(tokens))).toEqual([1, 5, 8, 16, 24, 32, 48, 128]);
    expect(limit(100, 10, 120)).toBe(100);
  });

  it("fills lists of stops up to a multiple of 4 with what they hold", () => {
    expect(paddedStops([])).toEqual([]);
    expect(paddedStops([3, 9])).toEqual([3, 9, 9, 9]);
    expect(paddedStops([1, 2, 3, 4, 5])).toEqual([1, 2, 3, 4, 5, 5, 5, 5]);
  });
});

const datum = (length: number): Datum => ({
  input: new Int32Array(length),
  target: new Int32Array(length),
  weights: new Float32Array(length),
});

describe("a plan of passes", () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 40 });

  it("sends every datum once, in calls of bounded size", () => {
    fc.assert(
      fc.property(
        lengths,
        fc.constantFrom("proto" as const, "json" as const),
        fc.option(fc.nat(7)),
        (rows, wire, micro) => {
          const datums = rows.map(datum);
          const plans = planPasses(datums, { wire, ...(micro === null ? {} : { microBatch: micro + 1 }) });
          expect(plans.flat().toSorted((a, b) => a - b)).toEqual(rows.map((_, at) => at));
          for (const plan of plans) {
            const bytes = plan.reduce((sum, at) => sum + datumBytes(datums[at]!, wire), 0);
            expect(plan.length).toBeLessThanOrEqual(mostDatums);
            // One group, which is not split, may be larger.
            if (plan.length > (micro ?? 0) + 1) expect(bytes).toBeLessThanOrEqual(mostCallBytes);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it("splits after 1,024 datums", () => {
    const plans = planPasses(
      Array.from({ length: 2500 }, () => datum(2)),
      { wire: "json" },
    );
    expect(plans.map(({ length }) => length)).toEqual([1024, 1024, 452]);
  });

  it("keeps whole micro-batches of one padded length together where the engine pads", () => {
    const datums = [20, 100, 25, 90, 30, 31].map(datum);
    expect(planPasses(datums, { wire: "proto", microBatch: 2 })).toEqual([
      [1, 3],
      [5, 4, 2, 0],
    ]);
  });
});
