import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { knownEngines } from "../../server/engine/engine-registry.ts";
import { keepPolicy } from "../../server/keep-policy.ts";
import type { Policy } from "../../server/models/policy.ts";
import { openPolicy } from "../../server/models/policy-id.ts";
import { openRecipe } from "../../server/open-recipe.ts";
import { PolicyEngines } from "../../server/policies/policy-engines.ts";
import { policyFolders } from "../../server/policies/policy-folders.ts";
import { runRollout } from "../../server/rollout/rollout.ts";
import type { Profile } from "../../server/rollout/profile.ts";
import { LocalRunHost } from "../../server/runs/local-host.ts";
import type { Retriever } from "../../server/retrieval/retriever.ts";
import { samplerPolicy } from "../../server/training/sampler-policy.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { lampTask } from "./fixture/lamp-task.ts";
import { scratchHome } from "./fixture/running-engine.ts";

const signal = AbortSignal.timeout(850_000);
const folder = scratchHome();
const kept = process.env["SEARCHLIGHT_HOME"];

/** What the checkpoint itself answers to two questions, sampled as the run's own engine holds it. */
let expected: Trajectory[];
let profile: Profile;
let retriever: Retriever;
let closeRecipe: () => Promise<unknown>;
let id: string;

async function answers(policy: Policy): Promise<Trajectory[]> {
  const ask = (question: string): Promise<Trajectory> =>
    runRollout({ id: "x", question, profile, policy, retriever }, { signal, onEvent: () => {} });
  return Promise.all(["What colour is the lamp of the mill?", "What colour is the lamp of the tower?"].map(ask));
}

beforeAll(async () => {
  process.env["SEARCHLIGHT_HOME"] = join(folder, "home");
  const { recipe, base } = lampTask(folder, {
    supervised: { experts: true, epochs: 20, steps: 8, batch: 8, learningRate: { peak: 0.005 } },
    evaluation: { data: [{ file: "questions.jsonl", limit: 2 }], every: 10 },
  });
  const file = join(folder, "lamps.recipe.jsonc");
  writeFileSync(file, JSON.stringify(recipe));
  const host = new LocalRunHost({
    home: join(folder, "runs"),
    command: { file: process.execPath, args: [join(import.meta.dirname, "../../server/run.ts")] },
    check: async () => ({ problems: [] }),
  });
  const launch = await host.launch(file, { key: "once" }, signal);
  if (!launch.ok) throw new Error(JSON.stringify(launch.problems));
  for await (const event of host.events(launch.id, 0, signal))
    if (event.type === "done") expect(event).toMatchObject({ outcome: "done" });
  const details = await host.details(launch.id, signal);
  const checkpoint = details.checkpoints.at(-1)!;
  id = await keepPolicy(details, checkpoint.name, await host.adapter(launch.id, checkpoint.name, signal));
  expect(await keepPolicy(details, checkpoint.name, await host.adapter(launch.id, checkpoint.name, signal))).toBe(id);

  const runFolder = join(folder, "runs", launch.id);
  const opened = await openRecipe({
    recipe,
    base,
    engineHome: join(runFolder, "engine"),
    folder: runFolder,
    signal,
    onProgress: () => {},
  });
  ({ retriever, profile } = opened.parts);
  profile = { ...profile, sampling: { ...profile.sampling, temperature: 0 } };
  closeRecipe = opened.close;
  const model = await opened.parts.engine.createModel(
    { rank: recipe.model.rank, seed: 1, from: { path: checkpoint.path, optimiser: false } },
    signal,
  );
  const { tokenizer, endIds } = opened.parts;
  const sampler = await model.publish(signal);
  const ref = { id: "tinker:x", kind: "tinker", label: "x" } as const;
  expected = await answers(samplerPolicy({ sampler, tokenizer, endIds, ref, contextLength: 512, signal }));
  await model.unload(signal);
});

afterAll(async () => {
  await closeRecipe?.();
  if (kept === undefined) delete process.env["SEARCHLIGHT_HOME"];
  else process.env["SEARCHLIGHT_HOME"] = kept;
});

test("a kept checkpoint is a listed policy with its adapter, its whole model and the profile it was trained with", () => {
  const [policy, ...others] = policyFolders();
  expect(others).toEqual([]);
  expect(policy!.record).toMatchObject({ name: "lamps", title: "Lamps, trained on this machine", profile });
  expect(id).toBe("trained:lamps");
  expect(existsSync(join(policy!.folder, "adapter", "adapter_model.safetensors"))).toBe(true);
  expect(JSON.parse(readFileSync(join(policy!.model, "config.json"), "utf8"))).toMatchObject({
    torch_dtype: "float32",
  });
});

test("it answers what the checkpoint answers, with its log-probs, also after its engine was killed; then nothing of it runs", async () => {
  const before = knownEngines().length;
  const engines = new PolicyEngines();
  const policy = await openPolicy(id, { trained: (name) => engines.open(name) });
  expect(knownEngines()).toHaveLength(before);
  const agree = (got: Trajectory[]): void =>
    got.forEach((trajectory, at) => {
      const wanted = expected[at]!;
      expect(trajectory.text).toBe(wanted.text);
      expect(trajectory.policy).toMatchObject({ id, label: "Lamps, trained on this machine" });
      trajectory.tokens!.logprobs!.forEach((value, index) => {
        const other = wanted.tokens!.logprobs![index]!;
        if (value === null) expect(other).toBeNull();
        else expect(Math.abs(value - other)).toBeLessThan(1e-3);
      });
    });
  agree(await answers(policy));
  expect(expected.some(({ segments }) => segments.some(({ kind }) => kind === "documents"))).toBe(true);
  const own = knownEngines().find(({ record }) => record.model.startsWith(join(folder, "home", "policies")))!;
  for (const pid of own.processes) process.kill(pid, "SIGKILL");
  agree(await answers(policy));
  await engines.close();
  expect(knownEngines()).toHaveLength(before);
});
