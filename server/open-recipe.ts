import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import type { Passage } from "../protocol/passage.ts";
import type { RecipeDataSet } from "../protocol/recipe.ts";
import type { Trajectory } from "../protocol/trajectory.ts";
import { openNamedRetriever } from "./commands/retriever-options.ts";
import { type Corpus, openCorpus } from "./corpus.ts";
import { replaceFile } from "./durable-lines.ts";
import { makeTinyModel } from "./engine/make-tiny.ts";
import { readModelFolder } from "./engine/model-folder.ts";
import { modelNamed } from "./engine/model-folders.ts";
import { GoldFinder, tellingGolds } from "./evaluation/audit/gold-finder.ts";
import type { EvaluationQuestion } from "./evaluation/data-sets/question.ts";
import { readDataSet } from "./evaluation/data-sets/read-data-set.ts";
import { sampleQuestions } from "./evaluation/sample-questions.ts";
import { recipeProfile } from "./recipe-profile.ts";
import type { Profile } from "./rollout/profile.ts";
import { openRunEngine } from "./runs/run-engine.ts";
import type { OpenRunRequest, OpenedRun } from "./runs/run-work.ts";
import { rewardProfile } from "./rewards/profiles.ts";
import { fittingReward } from "./rewards/fitting-reward.ts";
import type { Retriever } from "./retrieval/retriever.ts";
import { makeExperts } from "./make-experts.ts";
import { supervisedTrajectories, unreadSentence } from "./supervised-trajectories.ts";
import type { WeightedQuestions } from "./training/loop/host.ts";
import { isFileFailure, whyUnread } from "./file-failure.ts";

/** A recipe names what cannot be opened: one sentence that says what and what to do. */
export class RecipeOpenError extends Error {
  override readonly name = "RecipeOpenError";
}

/**
 * Opens everything that a recipe names: documents, questions, trajectories, model and, last, the engine. Throws `RecipeOpenError` and what
 * the parts throw, each with a sentence; nothing is left open or running then.
 */
export async function openRecipe(request: OpenRunRequest): Promise<OpenedRun> {
  const { recipe, base, signal, onProgress } = request;
  const loaded = await recipeProfile(recipe, base);
  if (!loaded.ok) throw new RecipeOpenError(loaded.reason);
  const { profile } = loaded;
  onProgress("Opening the documents");
  const corpus = await corpusOf(request);
  try {
    const questions = (sets: readonly RecipeDataSet[]): Promise<WeightedQuestions[]> =>
      questionsOf(sets, recipe.seed, base, corpus.passages);
    const stages = [];
    for (const { data } of recipe.stages) stages.push(await questions(data ?? recipe.data));
    const evaluation = (await questions(recipe.evaluation?.data ?? [])).flatMap((set) => set.questions);
    // A recipe of a supervised start alone has no stage whose questions it could take.
    const taught = stages.length > 0 ? stages.flat() : recipe.supervised ? await questions(recipe.data) : [];
    const supervised = await supervisedOf(request, profile, taught, corpus.retriever);
    const model = modelOf(request, corpus.passages);
    const read = readModelFolder(model, recipe.engine.kind === "local" ? recipe.engine.backend : "jax");
    if (!read.ok) throw new RecipeOpenError(read.reason);
    const { engine, ended, close } = await openRunEngine({
      recipe,
      model,
      home: request.engineHome,
      signal,
      onProgress,
    });
    return {
      parts: {
        recipe,
        profile,
        engine,
        tokenizer: read.model.tokenizer,
        endIds: read.model.endIds,
        retriever: corpus.retriever,
        stages,
        evaluation,
        supervised,
      },
      engineEnded: ended,
      async close() {
        const left = await close();
        await corpus.close();
        return left;
      },
    };
  } catch (error) {
    await corpus.close();
    throw error;
  }
}

/**
 * Opens what the recipe searches, and records in the run's folder what that was. A run that goes on searches the snapshot it began with, also
 * where the recipe names a place and a later one has been published there.
 */
async function corpusOf({ recipe: { retrieval }, base, folder, signal }: OpenRunRequest): Promise<Corpus> {
  const here = resolve(base, retrieval.index);
  const named = existsSync(here) ? here : retrieval.index;
  const record = join(folder, "searched.json");
  const before = searchedBefore(record);
  const corpus = await openCorpus(before?.named === named ? before.snapshot : named, {
    embedder: retrieval.embedder,
    mode: retrieval.mode,
    signal,
    openServer: (text) =>
      openNamedRetriever(text, {}, () =>
        Promise.reject(new RecipeOpenError(`${text} does not exist; name what is searched.`)),
      ),
  });
  replaceFile(record, `${JSON.stringify({ named, ...corpus.pins }, undefined, 2)}\n`);
  return corpus;
}

const Searched = z.object({
  named: z.string(),
  corpus: z.object({ kind: z.string() }),
  index: z.object({ id: z.string() }),
});

/** The snapshot that this run began with; undefined where it has not begun or searches something else. */
function searchedBefore(record: string): { named: string; snapshot: string } | undefined {
  try {
    const { named, corpus, index } = Searched.parse(JSON.parse(readFileSync(record, "utf8")));
    return corpus.kind === "snapshot" ? { named, snapshot: index.id } : undefined;
  } catch {
    return undefined;
  }
}

/** The sets' questions that have a gold answer, chosen as the recipe says. */
async function questionsOf(
  sets: readonly RecipeDataSet[],
  seed: number,
  base: string,
  passages: readonly Passage[] | undefined,
): Promise<WeightedQuestions[]> {
  let finder: GoldFinder | undefined;
  const read: WeightedQuestions[] = [];
  for (const { file, weight, limit, difficulty, covered } of sets) {
    let { questions } = await readDataSet(resolve(base, file)).catch((error: unknown) => {
      if (!isFileFailure(error)) throw error;
      throw new RecipeOpenError(`${file} ${whyUnread(error)}; give it back to the recipe's folder and resume the run.`);
    });
    questions = questions.filter(({ golds }) => golds.length > 0);
    if (difficulty)
      questions = questions.filter((each) => difficulty.some((wanted) => wanted === (each.difficulty ?? each.type)));
    if (covered) {
      if (!passages)
        throw new RecipeOpenError("covered needs passages that can be read, and a server holds them; leave it out.");
      finder ??= new GoldFinder(passages);
      questions = questions.filter((question) => isCovered(question, finder!));
    }
    if (questions.length === 0)
      throw new RecipeOpenError(`No question of ${file} is left by the recipe's choice; widen difficulty or covered.`);
    read.push({ questions: limit === undefined ? questions : sampleQuestions(questions, limit, seed), weight });
  }
  return read;
}

/** Answers that occur in every text, such as yes, say nothing and count as covered. */
function isCovered({ golds }: EvaluationQuestion, finder: GoldFinder): boolean {
  const telling = tellingGolds(golds);
  return telling.length === 0 || finder.holdsAny(telling);
}

/** The trajectories of the supervised start: from its files, and where it says so from a program that knows the answers. */
async function supervisedOf(
  { recipe, base, folder, signal, onProgress }: OpenRunRequest,
  profile: Profile,
  sets: readonly WeightedQuestions[],
  retriever: Retriever,
): Promise<Trajectory[]> {
  const { supervised } = recipe;
  if (!supervised) return [];
  const files = supervised.files.map((file) => resolve(base, file));
  if (supervised.experts)
    files.push(
      await makeExperts({
        file: join(folder, "experts.trajectories.jsonl"),
        questions: sets.flatMap(({ questions }) => questions),
        profile,
        retriever,
        reward: rewardProfile(recipe.stages.at(-1)?.reward ?? "paper-stage2") ?? fittingReward(profile),
        seed: recipe.seed,
        signal,
      }),
    );
  const { kept, unread } = await supervisedTrajectories(files, profile, supervised.minReward);
  const sentences = unread.map(unreadSentence);
  for (const sentence of sentences) onProgress(sentence);
  if (kept.length === 0)
    throw new RecipeOpenError(
      [
        ...sentences,
        "Every trajectory of the supervised start is excluded or has less reward than it asks for; lower minReward.",
      ].join(" "),
    );
  return kept;
}

/** Absolute folder of the base model; the tiny one is made once in the run's folder from what is searched. */
function modelOf({ recipe, base, folder }: OpenRunRequest, passages: readonly Passage[] | undefined): string {
  if (recipe.model.base !== "tiny") {
    const named = modelNamed(recipe.model.base, base);
    if (named) return named;
    throw new RecipeOpenError(`There is no model ${recipe.model.base}; searchlight models lists those that are known.`);
  }
  const target = join(folder, "model");
  if (statSync(join(target, "config.json"), { throwIfNoEntry: false })) return target;
  if (!passages?.length)
    throw new RecipeOpenError("The tiny model is made from documents, and there are none to read.");
  makeTinyModel(target, { texts: passages.map(({ text }) => text), seed: recipe.seed });
  return target;
}
