import { describe, expect, it } from "vitest";
import { klController, updateKl } from "../../../server/training/kl-controllers.ts";
import { learningRate, optimiserSteps, warmupSteps } from "../../../server/training/schedules.ts";

describe("learning rate", () => {
  it("rises over the warm-up from 0 and falls along half a cosine to its floor", () => {
    const schedule = { kind: "cosine", peak: 2e-6, steps: 110, warmup: 10, floor: 0.1 } as const;
    expect(learningRate(schedule, 0)).toBe(0);
    expect(learningRate(schedule, 5)).toBe(1e-6);
    expect(learningRate(schedule, 10)).toBe(2e-6);
    expect(learningRate(schedule, 60)).toBeCloseTo(1.1e-6, 12);
    expect(learningRate(schedule, 110)).toBeCloseTo(2e-7, 12);
    expect(learningRate(schedule, 500)).toBe(learningRate(schedule, 110));
  });

  it("is the peak from the first step when constant without warm-up", () => {
    expect(learningRate({ kind: "constant", peak: 1e-5 }, 0)).toBe(1e-5);
  });

  it("asks for the length of the run where the shape depends on it", () => {
    expect(() => learningRate({ kind: "cosine", peak: 1, warmup: 0 }, 3)).toThrow(/number of optimiser steps/);
  });

  it("counts steps of the released run: 127 iterations of 4 and a bit", () => {
    expect(optimiserSteps({ prompts: 8148, rolloutsPerPrompt: 16, trainBatch: 256, episodes: 1 })).toBe(509);
    expect([warmupSteps(509, 0.03), warmupSteps(509, 0.03, "down")]).toEqual([16, 15]);
  });
});

describe("KL controller", () => {
  it("raises the coefficient above the target, lowers it below, by a fifth of rollouts over horizon at most", () => {
    const start = klController(0.01, 0.1, 1000);
    expect(updateKl(start, 0.5, 500).coefficient).toBeCloseTo(0.011, 12);
    expect(updateKl(start, 0, 500).coefficient).toBeCloseTo(0.009, 12);
    expect(updateKl(start, 0.1, 500).coefficient).toBe(0.01);
  });

  it("never turns the coefficient negative, however many rollouts an iteration has", () => {
    expect(updateKl(klController(0.01, 0.1, 10), 0, 100_000).coefficient).toBeCloseTo(0.008, 12);
  });

  it("is fixed without a target, and refuses a KL that is not a number", () => {
    expect(klController(0.01, 0, 10)).toEqual({ kind: "fixed", coefficient: 0.01 });
    expect(klController(0.01, undefined, 10).kind).toBe("fixed");
    expect(() => updateKl(klController(0.01, 0.1, 10), NaN, 1)).toThrow(/measured KL/);
  });
});
