import { existsSync, mkdirSync, renameSync, rmSync, statfsSync, statSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { unpackAdapter } from "./adapter-files.ts";
import { MergeError, mergeLora } from "./engine/merge-lora.ts";
import { modelNamed } from "./engine/model-folders.ts";
import { type PolicyRecord, policiesHome, policyNamed, policyVersion } from "./policies/policy-folders.ts";
import { recipeProfile } from "./recipe-profile.ts";
import { type RunDetails, RunHostError } from "./runs/run-host.ts";
import { readManifest } from "./runs/run-manifest.ts";
import { runPaths } from "./runs/run-paths.ts";
import { readPeft } from "./training/tinker/peft-archive.ts";

const Alpha = z.looseObject({ r: z.int().min(1), lora_alpha: z.number(), use_rslora: z.literal(false).optional() });

/**
 * Keeps a checkpoint as a trained policy: its adapter, and a whole model with the adapter merged in, which the engine answers with and
 * other programs load. Answers the policy's id, `trained:NAME`; the same checkpoint again answers the same. Throws `RunHostError` of kind
 * "refused", with what to do, where the base model or the profile is not on this machine, or the disk is too small.
 * @param archive the adapter's archive (tar.gz), as the run's host gives it
 */
export async function keepPolicy(details: RunDetails, checkpoint: string, archive: Uint8Array): Promise<string> {
  const { recipe, summary, folder, checkpoints } = details;
  const kept = checkpoints.find(({ name }) => name === checkpoint);
  if (!kept) throw refused(`The run ${summary.name} has no checkpoint ${checkpoint}.`);
  const base = folder === undefined ? process.cwd() : dirname(readManifest(runPaths(folder)).source);
  const model = baseModel(details, base);
  const loaded = await recipeProfile(recipe, base);
  if (!loaded.ok)
    throw refused(`${loaded.reason.replace(/\.$/, "")}; a policy is kept where the profile it was trained with is.`);
  const { profile } = loaded;
  const name = freeName(recipe.name, summary.id, checkpoint);
  const target = join(policiesHome(), name);
  if (existsSync(join(target, "policy.json"))) return `trained:${name}`;
  checkRoom(model);
  const scratch = join(policiesHome(), `.${name}.part-${process.pid}`);
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  try {
    const { config, weights } = readPeft(archive);
    const { r: rank, lora_alpha: alpha } = Alpha.parse(config);
    await mergeLora(model, { rank, alpha, weights }, join(scratch, "model"));
    await unpackAdapter(archive, join(scratch, "adapter"));
    const record: PolicyRecord = {
      version: policyVersion,
      name,
      title: `${titleOf(name)}, trained on this machine`,
      ...(recipe.about === undefined ? {} : { about: recipe.about }),
      createdAt: new Date().toISOString(),
      run: summary.id,
      checkpoint,
      iteration: kept.iteration,
      ...(kept.score === undefined ? {} : { score: kept.score, metric: recipe.evaluation?.metric ?? "f1" }),
      base: recipe.model.base,
      // An answer is wanted as the policy was evaluated, not as it was sampled to learn.
      profile: { ...profile, sampling: { ...profile.sampling, temperature: recipe.evaluation?.temperature ?? 0 } },
      ...(recipe.limits.contextTokens === undefined ? {} : { contextTokens: recipe.limits.contextTokens }),
    };
    writeFileSync(join(scratch, "policy.json"), `${JSON.stringify(record, undefined, 2)}\n`);
    rmSync(target, { recursive: true, force: true });
    renameSync(scratch, target);
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true });
    if (error instanceof MergeError || error instanceof RangeError)
      throw new RunHostError("refused", error.message, { cause: error });
    throw error;
  }
  return `trained:${name}`;
}

function baseModel({ recipe, folder }: RunDetails, base: string): string {
  const own = folder === undefined ? undefined : join(folder, "model");
  const found =
    recipe.model.base === "tiny" && own !== undefined && existsSync(join(own, "config.json"))
      ? own
      : modelNamed(recipe.model.base, base);
  if (found) return found;
  throw refused(
    `The base model ${recipe.model.base} is not on this machine; put its folder among those that searchlight models lists, or export the adapter and serve it with vLLM.`,
  );
}

/** The recipe's name, or with a number where another run's or checkpoint's policy has it. */
function freeName(wanted: string, run: string, checkpoint: string): string {
  for (let place = 1; ; place++) {
    const name = place === 1 ? wanted : `${wanted}-${place}`;
    const there = policyNamed(name)?.record;
    if (there ? there.run === run && there.checkpoint === checkpoint : !existsSync(join(policiesHome(), name)))
      return name;
  }
}

function titleOf(name: string): string {
  const words = name.replaceAll("-", " ");
  return words[0]!.toUpperCase() + words.slice(1);
}

/** A merged model is written in float32: at most twice the bytes of the base model's files. */
function checkRoom(model: string): void {
  mkdirSync(policiesHome(), { recursive: true });
  const bytes = readdirSync(model)
    .filter((name) => name.endsWith(".safetensors"))
    .reduce((sum, name) => sum + statSync(join(model, name)).size, 0);
  const { bavail, bsize } = statfsSync(policiesHome());
  if (bavail * bsize > 2 * bytes) return;
  const gigabytes = ((2 * bytes) / 1e9).toFixed(1);
  throw refused(`The disk has no room for the merged model (${gigabytes} GB); free some, or export the adapter alone.`);
}

function refused(message: string): RunHostError {
  return new RunHostError("refused", message);
}
