import { describe, expect, it } from "vitest";
import { type KlController, klController, updateKl } from "../../../server/training/kl-controllers.ts";
import { learningRate, optimiserSteps, type Schedule, warmupSteps } from "../../../server/training/schedules.ts";
import { hasReference } from "../../fixtures/golden.ts";
import { expectClose, type GoldenRow, rlRows } from "./golden-rows.ts";

interface ScheduleParams {
  name: string;
  lr: number;
  min_lr: number;
  min_lr_rate?: number;
  min_lr_ratio?: number;
  num_warmup_steps: number;
  num_training_steps?: number;
  total_training_steps: number;
  num_cycles: number;
  rows: number;
  n_samples_per_prompt: number;
  train_batch_size: number;
  num_episodes: number;
  lr_warmup_ratio: number;
  lr_warmup_steps_ratio?: number;
}

interface ScheduleRow extends GoldenRow<ScheduleParams> {
  readonly steps: number[];
  readonly lr: number[];
}

interface ControllerRow extends GoldenRow<
  Record<"kl_coef" | "init_kl_coef" | "target" | "horizon", number>,
  { updates: [number, number][] }
> {
  readonly out: { readonly values: number[] };
}

const schedules = rlRows<ScheduleRow>("schedules.jsonl");
const controllers = rlRows<ControllerRow>("kl_controllers.jsonl");

function scheduleOf({ params }: ScheduleRow): Schedule {
  const { lr: peak } = params;
  const warmup = params.num_warmup_steps;
  const steps = params.num_training_steps ?? params.total_training_steps;
  switch (params.name) {
    case "constant":
      return { kind: "constant", peak, steps };
    case "constant_with_warmup":
      return { kind: "constant", peak, steps, warmup };
    case "linear":
      return { kind: "linear", peak, steps, warmup };
    case "cosine":
      return { kind: "cosine", peak, steps, warmup, floor: params.min_lr_ratio ?? 0 };
    case "cosine_with_min_lr":
      return { kind: "cosine", peak, steps, warmup, floor: params.min_lr_rate ?? params.min_lr / peak };
    default:
      expect(params.name).toBe("cosine_with_restarts");
      return { kind: "restarts", peak, steps, warmup, cycles: params.num_cycles };
  }
}

describe.skipIf(!hasReference("golden/rl"))("learning rates against the published programs", () => {
  it("gives the rate of every sampled step of 56 schedules, and keeps the last one past the end", () => {
    expect(schedules.length).toBe(56);
    for (const row of schedules) {
      const schedule = scheduleOf(row);
      row.steps.forEach((step, k) => {
        const ours = learningRate(schedule, step);
        // Past the last step the published cosines rise again; ours stays.
        if (step > schedule.steps!)
          expect(ours, `${row.id} step ${step}`).toBe(learningRate(schedule, schedule.steps!));
        // Search-R1's constant rate is 0 at step 0 even without warm-up; ours begins at the peak.
        else if (row.id === "sr1-constant-lr1e-06-r0.0-n100" && step === 0) expect(ours).toBe(schedule.peak);
        else expectClose(ours / schedule.peak, row.lr[k]! / schedule.peak, 1e-12, `${row.id} step ${step}`);
      });
    }
  });

  it("counts optimiser and warm-up steps as the programs do", () => {
    const fork = schedules.filter((row) => row.id.startsWith("fork-"));
    expect(fork.length).toBe(6);
    for (const { id, params } of fork) {
      const steps = optimiserSteps({
        prompts: params.rows,
        rolloutsPerPrompt: params.n_samples_per_prompt,
        trainBatch: params.train_batch_size,
        episodes: params.num_episodes,
      });
      expect(steps, id).toBe(params.num_training_steps);
      expect(warmupSteps(steps, params.lr_warmup_ratio), id).toBe(params.num_warmup_steps);
    }
    const rounded = schedules.filter((row) => row.params.lr_warmup_steps_ratio !== undefined);
    expect(rounded.length).toBe(5);
    for (const { id, params } of rounded) {
      expect(warmupSteps(params.total_training_steps, params.lr_warmup_steps_ratio!, "down"), id).toBe(
        params.num_warmup_steps,
      );
    }
  });
});

describe.skipIf(!hasReference("golden/rl"))("KL controllers against the published programs", () => {
  it("gives the coefficient after every update of 19 controllers", () => {
    expect(controllers.length).toBe(19);
    for (const row of controllers) {
      const { params } = row;
      let controller: KlController =
        row.kind === "fixed"
          ? { kind: "fixed", coefficient: params.kl_coef }
          : klController(params.init_kl_coef, params.target, params.horizon);
      if (row.error !== undefined) {
        // A target of 0 divides by 0 there; here it means a fixed coefficient.
        expect(controller.kind).toBe("fixed");
        continue;
      }
      row.inputs.updates.forEach(([measured, rollouts], k) => {
        const before = controller.coefficient;
        controller = updateKl(controller, measured, rollouts);
        // More rollouts than five horizons would turn the coefficient negative there; here one horizon is the most that counts.
        if (rollouts > params.horizon) {
          expect(controller.coefficient).toBe(
            updateKl({ ...controller, coefficient: before } as KlController, measured, params.horizon).coefficient,
          );
          expect(controller.coefficient).toBeGreaterThan(0);
        } else if (!row.inputs.updates.some(([, n]) => n > params.horizon)) {
          expectClose(controller.coefficient, row.out.values[k]!, 1e-15, `${row.id} update ${k}`);
        }
      });
    }
  });
});
