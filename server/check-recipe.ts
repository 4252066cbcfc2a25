import { existsSync, statfsSync } from "node:fs";
import { resolve } from "node:path";
import type { Recipe, RecipeDataSet } from "../protocol/recipe.ts";
import { EngineStartError } from "./engine/engine-start-error.ts";
import { requireGpu } from "./engine/find-gpus.ts";
import { readModelFolder } from "./engine/model-folder.ts";
import { modelFolders, modelNamed } from "./engine/model-folders.ts";
import { readDataSet } from "./evaluation/data-sets/read-data-set.ts";
import { dataHome } from "./home.ts";
import { parseSnapshotSpec } from "./index/snapshot-catalog.ts";
import { embedderIdFault } from "./models/open-embedder.ts";
import { perhapsMeant } from "./nearest-name.ts";
import { parseRetriever } from "./retrieval/retriever-spec.ts";
import { rewardProfile, rewardProfiles } from "./rewards/profiles.ts";
import { loadProfile } from "./rollout/profile.ts";
import { estimateRun } from "./runs/estimate-run.ts";
import { engineTokenName } from "./runs/run-engine.ts";
import type { RecipeProblem, RunEstimate } from "./runs/run-host.ts";
import { EngineError } from "./training/engine.ts";
import { connectEngine } from "./training/tinker/connect.ts";
import { isFileFailure, whyUnread } from "./file-failure.ts";

/** Room that a run needs at least: weights with optimiser state, trajectories, the engine's own files. */
const leastRoom = 500e6;

/** All that can be found out of a recipe without starting anything; paths in it are relative to `base`. */
export async function checkRecipe(
  recipe: Recipe,
  base: string,
  signal: AbortSignal,
): Promise<{ problems: RecipeProblem[]; estimate?: RunEstimate }> {
  const problems: RecipeProblem[] = [];
  const error = (field: string, message: string): void => void problems.push({ field, severity: "error", message });
  const profile = await loadProfile(recipe.profile, base);
  if (!profile.ok) error("profile", profile.reason);
  for (const [index, { reward }] of recipe.stages.entries())
    if (!rewardProfile(reward))
      error(
        `stages.${index}.reward`,
        `There is no reward profile ${reward}${perhapsMeant(
          reward,
          rewardProfiles.map(({ name }) => name),
        )}; docs/rewards.md lists them.`,
      );
  await checkData(recipe.data, "data", base, problems);
  for (const [index, { data }] of recipe.stages.entries())
    await checkData(data ?? [], `stages.${index}.data`, base, problems);
  const evaluated = await checkData(recipe.evaluation?.data ?? [], "evaluation.data", base, problems);
  checkRetrieval(recipe, base, error);
  checkModel(recipe, base, error);
  for (const [index, file] of (recipe.supervised?.files ?? []).entries())
    if (!existsSync(resolve(base, file)))
      error(`supervised.files.${index}`, `${file} does not exist; name a file of trajectories, or set experts.`);
  if (recipe.supervised?.files.length === 0 && !recipe.supervised.experts)
    error("supervised.files", "The supervised start has no trajectories; name files of them, or set experts.");
  await checkEngine(recipe, problems, signal);
  checkRoom(error);
  if (!profile.ok) return { problems };
  return { problems, estimate: estimateRun(recipe, profile.profile, evaluated) };
}

/** Answers how many questions the sets hold. */
async function checkData(
  sets: readonly RecipeDataSet[],
  field: string,
  base: string,
  problems: RecipeProblem[],
): Promise<number> {
  let count = 0;
  for (const [index, { file, limit }] of sets.entries()) {
    const at = `${field}.${index}.file`;
    try {
      const { questions, bad } = await readDataSet(resolve(base, file));
      const golds = questions.filter((question) => question.golds.length > 0).length;
      count += Math.min(golds, limit ?? golds);
      if (golds === 0)
        problems.push({ field: at, severity: "error", message: `${file} holds no question with a gold answer.` });
      if (bad.length > 0)
        problems.push({
          field: at,
          severity: "warning",
          message: `${bad.length} records of ${file} are left out, the first because ${bad[0]!.field} ${bad[0]!.reason}.`,
        });
    } catch (cause) {
      const message = isFileFailure(cause)
        ? `${file} ${whyUnread(cause)}; name a file of questions with gold answers.`
        : (cause as Error).message;
      problems.push({ field: at, severity: "error", message });
    }
  }
  return count;
}

function checkRetrieval({ retrieval }: Recipe, base: string, error: (field: string, message: string) => void): void {
  const snapshot = parseSnapshotSpec(retrieval.index);
  const parsed = parseRetriever(retrieval.index);
  if (snapshot) {
    // Its own embedder makes the vectors of queries; whether it is there is found out when the run opens it.
    if (!snapshot.ok) error("retrieval.index", snapshot.reason);
    return;
  }
  if (!parsed.ok) error("retrieval.index", parsed.reason);
  else if (parsed.spec.kind === "folder" && !existsSync(resolve(base, parsed.spec.path)))
    error("retrieval.index", `${retrieval.index} does not exist; name the folder or file that is searched.`);
  const fault = embedderIdFault(retrieval.embedder);
  if (fault) error("retrieval.embedder", fault);
  if (retrieval.embedder === "none" && retrieval.mode !== "words")
    error("retrieval.mode", `Search by ${retrieval.mode} needs an embedder; name one, or search words.`);
}

function checkModel(
  { model, engine, retrieval }: Recipe,
  base: string,
  error: (field: string, message: string) => void,
): void {
  if (model.base === "tiny") {
    if (!existsSync(resolve(base, retrieval.index)) && !parseSnapshotSpec(retrieval.index))
      error(
        "model.base",
        "The tiny model is made from documents of this machine; search a folder, or name another model.",
      );
    return;
  }
  const folder = modelNamed(model.base, base);
  if (folder === undefined)
    return error(
      "model.base",
      `There is no model ${model.base}${perhapsMeant(model.base, ["tiny", ...modelFolders().map(({ name }) => name)])}; searchlight models lists those that are known.`,
    );
  const read = readModelFolder(folder, engine.kind === "local" ? engine.backend : "jax");
  if (!read.ok) error("model.base", read.reason);
}

/**
 * A GPU that the recipe asks for is looked for. A remote engine is asked what it is; a session is opened and closed, nothing is trained. Its model
 * goes by the engine's own name for it, so that another name than the recipe's may be the same model, and is a warning.
 */
async function checkEngine({ engine, model }: Recipe, problems: RecipeProblem[], signal: AbortSignal): Promise<void> {
  if (engine.kind === "local") {
    if (engine.device !== "cuda") return;
    return requireGpu(signal).catch((cause: unknown) => {
      if (!(cause instanceof EngineStartError)) throw cause;
      problems.push({ field: "engine.device", severity: "error", message: cause.message });
    });
  }
  const token = process.env[engineTokenName];
  try {
    const connected = await connectEngine({
      url: engine.url,
      ...(token ? { token } : {}),
      samplingWidth: engine.samplingWidth,
      patienceSeconds: 5,
      signal: AbortSignal.any([signal, AbortSignal.timeout(20_000)]),
    });
    await connected.close();
    if (connected.untried !== undefined)
      problems.push({ field: "engine.url", severity: "warning", message: connected.untried });
    const served = connected.baseModel;
    if (lastName(served) !== lastName(model.base))
      problems.push({
        field: "model.base",
        severity: "warning",
        message: `The engine at ${engine.url} serves ${served}; if that is another model than ${model.base}, its tokens are others: name the model that it serves.`,
      });
  } catch (cause) {
    signal.throwIfAborted();
    const message = cause instanceof EngineError ? cause.message : `The engine at ${engine.url} does not answer.`;
    problems.push({ field: "engine.url", severity: "error", message });
  }
}

/** The name of a model without the folders or the owner before it. */
function lastName(model: string): string {
  return model
    .replace(/[\\/]+$/, "")
    .split(/[\\/]/)
    .at(-1)!
    .toLowerCase();
}

function checkRoom(error: (field: string, message: string) => void): void {
  let home = dataHome();
  while (!existsSync(home) && resolve(home, "..") !== home) home = resolve(home, "..");
  const { bavail, bsize } = statfsSync(home);
  if (bavail * bsize < leastRoom)
    error(
      "",
      `${home} has ${Math.round((bavail * bsize) / 1e6)} MB left and a run needs ${leastRoom / 1e6}; make room, or set SEARCHLIGHT_HOME.`,
    );
}
