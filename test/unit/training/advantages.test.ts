import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { computeAdvantages, groupNorm, reinforcePlusPlusBaseline } from "../../../server/training/advantages.ts";
import { type Estimator, outcomeAdvantages } from "../../../server/training/estimators.ts";
import { groupByPrompt, groupsOf } from "../../../server/training/group-statistics.ts";
import { discountedReturns, tokenRewards } from "../../../server/training/returns.ts";
import { generalisedAdvantages } from "../../../server/training/gae.ts";
import { NonFiniteError, ShapeError } from "../../../server/training/tokens.ts";
import { whiten } from "../../../server/training/whiten.ts";
import { batches, farthest, rewardGroups } from "./batches.ts";

const relative: Estimator[] = [{ kind: "baseline" }, { kind: "grpo", epsilon: 1e-9 }, { kind: "rloo" }];

describe("group-relative estimators", () => {
  it("sum to 0 over each group", () => {
    fc.assert(
      fc.property(rewardGroups, fc.constantFrom(...relative), ({ rewards, size }, estimator) => {
        const groups = groupsOf(size, rewards.length);
        const advantages = outcomeAdvantages(rewards, groups, estimator);
        for (const group of groups)
          expect(Math.abs(group.reduce((sum, i) => sum + advantages[i]!, 0))).toBeLessThan(1e-8);
      }),
    );
  });

  it("ignore a reward that every member of the group got", () => {
    fc.assert(
      fc.property(
        rewardGroups,
        fc.integer({ min: -4, max: 4 }),
        fc.constantFrom(relative[0]!, relative[2]!),
        ({ rewards, size }, bonus, estimator) => {
          const groups = groupsOf(size, rewards.length);
          const lifted = outcomeAdvantages(
            rewards.map((reward) => reward + bonus),
            groups,
            estimator,
          );
          expect(farthest([outcomeAdvantages(rewards, groups, estimator)], [lifted])).toBeLessThan(1e-10);
        },
      ),
    );
  });

  it("follow their rollouts when the buffer is reordered", () => {
    fc.assert(
      fc.property(
        rewardGroups,
        fc.constantFrom(...relative),
        fc.infiniteStream(fc.nat()),
        ({ rewards, size }, estimator, stream) => {
          const prompts = rewards.map((_, i) => Math.floor(i / size));
          const order = rewards
            .map((_, i) => ({ i, key: stream.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ i }) => i);
          const straight = outcomeAdvantages(rewards, groupByPrompt(prompts), estimator);
          const shuffled = outcomeAdvantages(
            order.map((i) => rewards[i]!),
            groupByPrompt(order.map((i) => prompts[i]!)),
            estimator,
          );
          expect(farthest([order.map((i) => straight[i]!)], [shuffled])).toBeLessThan(1e-7);
        },
      ),
    );
  });

  it("give exactly 0 to equal rewards, whatever their last bits say", () => {
    const rewards = [0.1 + 0.2, 0.3, 0.3, 0.1 * 3];
    for (const estimator of relative)
      expect([...outcomeAdvantages(rewards, [[0, 1, 2, 3]], estimator)]).toEqual([0, 0, 0, 0]);
  });

  it("give 0 to a group of one, or its reward where that is asked for", () => {
    for (const estimator of relative) expect([...outcomeAdvantages([2], [[0]], estimator)]).toEqual([0]);
    expect([...outcomeAdvantages([2], [[0]], { kind: "baseline", single: "reward" })]).toEqual([2]);
    expect(outcomeAdvantages([2], [[0]], { kind: "grpo", epsilon: 1, single: "reward" })[0]).toBe(1);
  });

  it("rank a right rollout among wrong ones by hand-computed amounts", () => {
    const rewards = [1, -2, -2, -1];
    const groups = [[0, 1, 2, 3]];
    expect([...outcomeAdvantages(rewards, groups, { kind: "baseline" })]).toEqual([2, -1, -1, 0]);
    expect(outcomeAdvantages(rewards, groups, { kind: "rloo" })[0]).toBeCloseTo(1 - -5 / 3, 12);
    expect(outcomeAdvantages(rewards, groups, { kind: "grpo", epsilon: 0 })[0]).toBeCloseTo(2 / Math.sqrt(2), 12);
  });
});

describe("whitening", () => {
  it("brings unmasked tokens to mean 0 and variance 1 and leaves 0 at masked ones", () => {
    fc.assert(
      fc.property(batches, ({ advantages, mask }) => {
        const unmasked = advantages.flatMap((row, i) => row.filter((_, t) => mask[i]![t] === 1));
        const mean = unmasked.reduce((sum, value) => sum + value, 0) / unmasked.length;
        const variance = unmasked.reduce((sum, value) => sum + (value - mean) ** 2, 0) / unmasked.length;
        const whitened = whiten(advantages, mask);
        whitened.forEach((row, i) => row.forEach((value, t) => mask[i]![t] === 0 && expect(value).toBe(0)));
        if (unmasked.length < 2 || variance < 1e-6) return;
        const kept = whitened.flatMap((row, i) => [...row].filter((_, t) => mask[i]![t] === 1));
        expect(Math.abs(kept.reduce((sum, value) => sum + value, 0) / kept.length)).toBeLessThan(1e-8);
        expect(kept.reduce((sum, value) => sum + value ** 2, 0) / kept.length).toBeCloseTo(1, 8);
      }),
    );
  });

  it("divides by the count, or by one less where Search-R1's rule is asked for", () => {
    const mask = [[1, 1]];
    expect(whiten([[-1, 1]], mask)[0]![1]).toBe(1);
    expect(whiten([[-1, 1]], mask, "add-unbiased")[0]![1]).toBeCloseTo(1 / Math.sqrt(2 + 1e-8), 12);
    expect(whiten([[0, 4]], mask, "centre")).toEqual([Float64Array.of(-2, 2)]);
  });

  it("never reads a masked token", () => {
    const mask = [
      [1, 0, 1],
      [0, 1],
    ];
    expect(
      whiten(
        [
          [1, NaN, 2],
          [Infinity, 4],
        ],
        mask,
      ),
    ).toEqual(
      whiten(
        [
          [1, 0, 2],
          [0, 4],
        ],
        mask,
      ),
    );
  });

  it("gives zeros for a wholly masked buffer and for a single unmasked token", () => {
    for (const how of ["floor", "add-unbiased", "centre"] as const) {
      expect(whiten([[5, 7]], [[0, 0]], how)).toEqual([new Float64Array(2)]);
      expect(whiten([[5, 7]], [[0, 1]], how)).toEqual([new Float64Array(2)]);
    }
  });
});

describe("token rewards and returns", () => {
  it("hand the outcome through masked documents to every token before it", () => {
    const rewards = tokenRewards([3], [[0, 0, 0]], [[1, 0, 0]], 0);
    expect(discountedReturns(rewards, [[1, 0, 0]], { gamma: 1 })).toEqual([Float64Array.of(3, 0, 0)]);
  });

  it("take the KL off at each unmasked token and sum it backwards", () => {
    const rewards = tokenRewards([1], [[0.5, 9, -0.25]], [[1, 0, 1]], 0.1);
    expect([...rewards[0]!]).toEqual([-0.05, 0, 1.025]);
    expect(discountedReturns(rewards, [[1, 0, 1]], { gamma: 1 })[0]![0]).toBeCloseTo(0.975, 12);
  });

  it("take nothing off for a negative coefficient", () => {
    expect([...tokenRewards([1], [[0.5, 2]], [[1, 1]], -0.1)[0]!].map(Math.abs)).toEqual([0, 1]);
  });

  it("cut credit at a masked stretch only when told to", () => {
    const rewards = [[0, 0, 1]];
    const mask = [[1, 0, 1]];
    expect(discountedReturns(rewards, mask, { gamma: 1, acrossMask: "reset" })).toEqual([Float64Array.of(0, 0, 1)]);
    expect(discountedReturns(rewards, mask, { gamma: 0.5 })).toEqual([Float64Array.of(0.25, 0, 1)]);
  });
});

describe("the advantages of an iteration", () => {
  const rollouts = {
    rewards: [1, -2],
    groups: [[0, 1]],
    mask: [
      [1, 0, 1],
      [1, 1],
    ],
    logprobs: [
      [-1, -1, -1],
      [-2, -2],
    ],
    referenceLogprobs: [
      [-1.5, -1, -1],
      [-2, -2],
    ],
  };

  it("are one constant per trajectory without a KL penalty, as whitening of a constant asks", () => {
    const { advantages } = computeAdvantages(rollouts, reinforcePlusPlusBaseline);
    expect(advantages[0]![0]).toBe(advantages[0]![2]);
    expect(advantages[0]![1]).toBe(0);
    expect(advantages[0]![0]).toBeCloseTo(1, 12);
    expect(advantages[1]![0]).toBeCloseTo(-1, 12);
  });

  it("are clipped after centring and before the KL comes off", () => {
    const wide = { ...rollouts, rewards: [30, 0] };
    const options = {
      ...groupNorm,
      estimator: { kind: "baseline" },
      clip: [-10, 10],
      klInReward: { estimator: { kind: "k1" }, coefficient: 2 },
    } as const;
    const { centred, advantages } = computeAdvantages(wide, options);
    expect([...centred]).toEqual([15, -15]);
    expect(advantages).toEqual([Float64Array.of(9, 0, 10), Float64Array.of(-10, -10)]);
  });

  it("report KL without acting on it when the coefficient is 0", () => {
    const watched = computeAdvantages(rollouts, {
      ...groupNorm,
      klInReward: { estimator: { kind: "k1" }, coefficient: 0 },
    });
    expect([...watched.klMeans]).toEqual([0.25, 0]);
    expect(watched.advantages).toEqual(computeAdvantages({ ...rollouts }, groupNorm).advantages);
  });

  it("change by the KL penalty on the token that drifted and on those before it", () => {
    const penalised = computeAdvantages(rollouts, {
      ...groupNorm,
      klInReward: { estimator: { kind: "k1" }, coefficient: 0.1 },
    });
    const plain = computeAdvantages(rollouts, groupNorm);
    expect(penalised.advantages[0]![0]! - plain.advantages[0]![0]!).toBeCloseTo(-0.05, 12);
    expect(penalised.advantages[0]![2]).toBe(plain.advantages[0]![2]);
  });

  it("do not depend on what the engine answered at masked tokens", () => {
    const noisy = {
      ...rollouts,
      logprobs: [
        [-1, NaN, -1],
        [-2, -2],
      ],
      referenceLogprobs: [
        [-1.5, Infinity, -1],
        [-2, -2],
      ],
    };
    const options = {
      ...reinforcePlusPlusBaseline,
      klInReward: { estimator: { kind: "k3" }, coefficient: 0.1 },
    } as const;
    expect(computeAdvantages(noisy, options)).toEqual(computeAdvantages(rollouts, options));
  });

  it("name the sequence and token of a number that is not one", () => {
    const broken = {
      ...rollouts,
      logprobs: [
        [-1, -1, -1],
        [-2, NaN],
      ],
    };
    const run = () =>
      computeAdvantages(broken, { ...groupNorm, klInReward: { estimator: { kind: "k1" }, coefficient: 0.1 } });
    expect(run).toThrow(
      expect.objectContaining({ name: "NonFiniteError", quantity: "log-prob", sequence: 1, token: 1 }),
    );
    expect(() => computeAdvantages({ ...rollouts, rewards: [1, Infinity] }, groupNorm)).toThrow(NonFiniteError);
    expect(() => computeAdvantages({ ...rollouts, rewards: [1, 2, 3] }, groupNorm)).toThrow(ShapeError);
    expect(() =>
      computeAdvantages(
        {
          ...rollouts,
          logprobs: [
            [-1, -1],
            [-2, -2],
          ],
        },
        groupNorm,
      ),
    ).toThrow(ShapeError);
  });

  it("refuse a KL penalty without log-probs", () => {
    const { rewards, groups, mask } = rollouts;
    const run = () =>
      computeAdvantages(
        { rewards, groups, mask },
        { ...groupNorm, klInReward: { estimator: { kind: "k1" }, coefficient: 0.1 } },
      );
    expect(run).toThrow(/needs the log-probs/);
  });
});

describe("generalised advantages", () => {
  it("discount the temporal differences by gamma times lambda", () => {
    const { advantages, returns } = generalisedAdvantages([[0, 1]], [[0.5, 0.25]], [[1, 1]], {
      gamma: 0.5,
      lambda: 0.5,
      maskedValues: "keep",
    });
    expect(advantages).toEqual([Float64Array.of(0.125 - 0.5 + 0.25 * 0.75, 0.75)]);
    expect(returns).toEqual([Float64Array.of(0.3125, 1)]);
  });

  it("read a critic at masked tokens, or take it as 0 there", () => {
    const at = (maskedValues: "keep" | "zero") =>
      generalisedAdvantages([[0, 0, 1]], [[0, 8, 0]], [[1, 0, 1]], { gamma: 1, lambda: 0, maskedValues })
        .advantages[0]![0];
    expect([at("keep"), at("zero")]).toEqual([8, 0]);
  });
});
