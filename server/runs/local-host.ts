import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { ulid } from "ulid";
import type { Recipe } from "../../protocol/recipe.ts";
import { runVersion, type RunAction, type RunEvent, type RunSummary } from "../../protocol/run.ts";
import { isLive } from "../../protocol/run-state.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { logTail } from "../engine/engine-log.ts";
import { Bell } from "./bell.ts";
import { askRun, followRun, readProcessRecord } from "./control-client.ts";
import { scaledDown } from "./dry-run.ts";
import { eventOf, offsetOf, wholeLines } from "./event-log.ts";
import { provenanceOf } from "./provenance.ts";
import { readRecipeFile } from "./read-recipe.ts";
import {
  type Launch,
  type RecipeProblem,
  type RunDetails,
  type RunEstimate,
  type RunHost,
  RunHostError,
} from "./run-host.ts";
import { claimKey, freeKey, freeKeysOf } from "./run-key.ts";
import { lockRun, runProcess } from "./run-lock.ts";
import { type TrainingRunManifest, hashOf, readManifest, writeManifest } from "./run-manifest.ts";
import { type RunPaths, isRunId, runPaths, runsHome, sentHome } from "./run-paths.ts";
import { ProgressReader, type RunProgress, damagedSummary, stateOf, summaryOf } from "./run-progress.ts";
import type { CheckRecipe } from "./run-work.ts";
import { type RunCommand, startRunProcess } from "./start-process.ts";
import { TrajectoryReader } from "./trajectory-store.ts";
import { whyUnwritten } from "../file-failure.ts";

/** A run that was made so lately may still be on its way to its first event. */
const freshMilliseconds = 60_000;
/** Followers look at the file so often where the process tells nothing. */
const lookMilliseconds = 250;

export interface LocalRunHostSpec {
  readonly check: CheckRecipe;
  readonly command: RunCommand;
  /** What the process of a run is given besides, such as a token that no file may hold. */
  environment?(recipe: Recipe): Promise<NodeJS.ProcessEnv>;
  /** Folder of the runs; absent: the usual one. */
  readonly home?: string;
}

interface KnownRun {
  readonly paths: RunPaths;
  readonly manifest: TrainingRunManifest;
  readonly progress: ProgressReader;
  readonly trajectories: TrajectoryReader;
}

/** Runs of this machine: their folders, and their processes where they live. */
export class LocalRunHost implements RunHost {
  readonly #spec: LocalRunHostSpec;
  readonly #home: string;
  readonly #known = new Map<string, KnownRun>();

  constructor(spec: LocalRunHostSpec) {
    this.#spec = spec;
    this.#home = spec.home ?? runsHome();
  }

  async list(signal: AbortSignal): Promise<RunSummary[]> {
    signal.throwIfAborted();
    const names = existsSync(this.#home) ? readdirSync(this.#home).filter(isRunId).toSorted().toReversed() : [];
    return names.flatMap((id) => {
      try {
        return [this.#summary(this.#run(id))];
      } catch (error) {
        // A folder that was removed meanwhile is no run; one that does not say what it is must not be out of sight.
        if (!(error instanceof RunHostError) || error.kind !== "damaged") return [];
        return [damagedSummary(id, this.#progressOf(id), error.message)];
      }
    });
  }

  async details(id: string, signal: AbortSignal): Promise<RunDetails> {
    signal.throwIfAborted();
    const run = this.#run(id);
    const summary = this.#summary(run);
    const { checkpoints } = run.progress.read();
    return { summary, recipe: run.manifest.recipe, folder: run.paths.folder, checkpoints: [...checkpoints] };
  }

  async check(recipeFile: string, signal: AbortSignal): Promise<{ problems: RecipeProblem[]; estimate?: RunEstimate }> {
    const file = resolve(recipeFile);
    const { reading } = readRecipeFile(file);
    if (!reading.ok) return { problems: reading.problems };
    return this.#spec.check(reading.recipe, dirname(file), signal);
  }

  async launch(recipeFile: string, options: { key: string; dryRun?: boolean }, signal: AbortSignal): Promise<Launch> {
    const id = ulid();
    mkdirSync(this.#home, { recursive: true });
    const claim = claimKey(this.#home, options.key, id);
    if (!claim.mine) return this.#join(claim.id, claim.launching, signal);
    let keep = false;
    try {
      const launch = await this.#create(id, resolve(recipeFile), options, signal);
      keep = launch.ok;
      return launch;
    } finally {
      if (!keep) {
        freeKey(this.#home, options.key, id);
        this.#discard(id);
      }
    }
  }

  async resume(id: string, signal: AbortSignal): Promise<Launch> {
    const { paths, manifest } = this.#run(id);
    const { state } = this.#summary(this.#run(id));
    if (isLive(state) && runProcess(paths.folder))
      throw new RunHostError("busy", `The run is ${state} already; attach to it.`);
    if (state === "done")
      throw new RunHostError(
        "refused",
        "The run is done, and nothing of its recipe is left to do; train the recipe again for another.",
      );
    await this.#start(paths, manifest.recipe, signal);
    return { ok: true, id, joined: false };
  }

  async act(id: string, action: RunAction, signal: AbortSignal): Promise<void> {
    // A process can be steered whatever became of the description beside it.
    const record = readProcessRecord(this.#pathsOf(id).process);
    if (!record)
      throw new RunHostError(
        "refused",
        `The run has no process (${this.#summary(this.#run(id)).state}); resume starts it again from its last checkpoint.`,
      );
    await askRun(record, action, signal);
  }

  async remove(id: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const paths = this.#pathsOf(id);
    const key = this.#keyOf(id);
    // With the lock, nobody resumes it meanwhile.
    if (!lockRun(paths.folder).ok) throw new RunHostError("busy", "The run lives; stop it before you remove it.");
    this.#discard(id);
    if (key === undefined) freeKeysOf(this.#home, id);
    else freeKey(this.#home, key, id);
  }

  async *events(id: string, from: number, signal: AbortSignal): AsyncGenerator<RunEvent, void, undefined> {
    const { paths } = this.#run(id);
    let stopFollowing: (() => void) | undefined;
    let followed = -1;
    const bell = new Bell(signal);
    let descriptor: number | undefined;
    try {
      for (let at: number | undefined; !signal.aborted;) {
        const holder = runProcess(paths.folder);
        if (descriptor === undefined && existsSync(paths.events)) descriptor = openSync(paths.events, "r");
        if (descriptor !== undefined) {
          at ??= offsetOf(descriptor, from);
          for (const { line, end } of wholeLines(descriptor, at)) {
            at = end;
            const event = eventOf(line);
            if (event && event.seq >= from) yield event;
            if (signal.aborted) return;
          }
        }
        if (!holder && !isLive(this.#summary(this.#run(id)).state)) return;
        const record = readProcessRecord(paths.process);
        if (record && record.pid !== followed) {
          stopFollowing?.();
          followed = record.pid;
          stopFollowing = followRun(record, () => bell.ring());
          continue;
        }
        await bell.wait(lookMilliseconds);
      }
    } finally {
      stopFollowing?.();
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  async trajectories(
    id: string,
    which: { ids: readonly string[] } | { latest: number },
    signal: AbortSignal,
  ): Promise<Trajectory[]> {
    signal.throwIfAborted();
    const { trajectories } = this.#run(id);
    return "ids" in which ? trajectories.byId(which.ids) : trajectories.latest(which.latest);
  }

  async log(id: string, lines: number, signal: AbortSignal): Promise<string[]> {
    signal.throwIfAborted();
    const text = logTail(this.#run(id).paths.log, 2 ** 20).replace(/\n$/, "");
    return text === "" ? [] : text.split("\n").slice(-lines);
  }

  async adapter(id: string, checkpoint: string, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    const { paths, progress } = this.#run(id);
    const found = progress.read().checkpoints.find(({ name }) => name === checkpoint);
    if (!found)
      throw new RunHostError("refused", `The run has no checkpoint ${checkpoint}; searchlight runs show lists them.`);
    if (found.archive === undefined)
      throw new RunHostError("refused", `The adapter of ${checkpoint} was not kept; take a later checkpoint.`);
    try {
      return readFileSync(join(paths.adapters, basename(found.archive)));
    } catch (cause) {
      throw new RunHostError("disk", `The adapter of ${checkpoint} cannot be read; take another checkpoint.`, {
        cause,
      });
    }
  }

  async #create(
    id: string,
    file: string,
    { key, dryRun = false }: { key: string; dryRun?: boolean },
    signal: AbortSignal,
  ): Promise<Launch> {
    const { text, reading } = readRecipeFile(file);
    if (!reading.ok) return { ok: false, problems: reading.problems };
    const recipe = dryRun ? scaledDown(reading.recipe) : reading.recipe;
    const { problems } = await this.#spec.check(recipe, dirname(file), signal);
    if (problems.some(({ severity }) => severity === "error")) return { ok: false, problems };
    // Under another name until it is whole: whoever lists the runs sees all of it or nothing.
    const made = runPaths(join(this.#home, `.new-${id}`));
    const sent = dirname(dirname(file)) === sentHome(this.#home);
    const manifest: TrainingRunManifest = {
      version: runVersion,
      id,
      name: recipe.name,
      createdAt: new Date().toISOString(),
      recipe,
      recipeHash: hashOf(recipe),
      source: sent ? join(this.#home, id, basename(made.files), basename(file)) : file,
      dryRun,
      key,
      provenance: await provenanceOf(dirname(file)),
    };
    try {
      mkdirSync(made.folder, { recursive: true, mode: 0o700 });
      writeFileSync(made.recipe, text);
      // What was sent from another machine becomes part of the run.
      if (sent) renameSync(dirname(file), made.files);
      writeManifest(made, manifest);
      renameSync(made.folder, join(this.#home, id));
    } catch (cause) {
      rmSync(made.folder, { recursive: true, force: true });
      throw new RunHostError("disk", `${this.#home} ${whyUnwritten(cause)}; make room or set SEARCHLIGHT_HOME.`, {
        cause,
      });
    }
    await this.#start(runPaths(join(this.#home, id)), recipe, signal);
    return { ok: true, id, joined: false };
  }

  /** Waits until the run that somebody else launches with the same key is there. */
  async #join(id: string, launching: boolean, signal: AbortSignal): Promise<Launch> {
    const until = Date.now() + freshMilliseconds;
    const paths = runPaths(join(this.#home, id));
    while (launching && Date.now() < until) {
      if (existsSync(paths.manifest) && new ProgressReader(paths.events).read().pid !== undefined) break;
      await wait(50, undefined, { signal });
    }
    const { progress, manifest } = this.#run(id);
    // Its launcher died between the folder and the process.
    if (progress.read().pid === undefined && !runProcess(paths.folder))
      await this.#start(paths, manifest.recipe, signal);
    return { ok: true, id, joined: true };
  }

  async #start(paths: RunPaths, recipe: Recipe, signal: AbortSignal): Promise<void> {
    const { command, environment } = this.#spec;
    const env = { ...command.env, ...(await environment?.(recipe)) };
    await startRunProcess(paths, { ...command, env }, signal);
  }

  #discard(id: string): void {
    this.#known.delete(id);
    const folder = join(this.#home, id);
    if (!existsSync(folder)) return;
    const gone = join(this.#home, `.removed-${id}`);
    renameSync(folder, gone);
    rmSync(gone, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Throws `RunHostError` where there is no folder of such a run. */
  #pathsOf(id: string): RunPaths {
    if (!isRunId(id)) throw new RunHostError("unknown-run", `${id.slice(0, 40)} is no id of a run; list the runs.`);
    const paths = runPaths(join(this.#home, id));
    if (!statSync(paths.folder, { throwIfNoEntry: false })?.isDirectory())
      throw new RunHostError("unknown-run", `There is no run ${id}; list the runs.`);
    return paths;
  }

  /** The key that the run was submitted with; a damaged run does not tell it. */
  #keyOf(id: string): string | undefined {
    try {
      return this.#run(id).manifest.key;
    } catch (error) {
      if (error instanceof RunHostError && error.kind === "damaged") return undefined;
      throw error;
    }
  }

  /** What its events tell, where they can be read. */
  #progressOf(id: string): RunProgress {
    const reader = new ProgressReader(this.#pathsOf(id).events);
    try {
      return reader.read();
    } catch {
      return new ProgressReader("").read();
    }
  }

  #run(id: string): KnownRun {
    const paths = this.#pathsOf(id);
    const known = this.#known.get(id);
    if (known && existsSync(paths.manifest)) return known;
    this.#known.delete(id);
    const run: KnownRun = {
      paths,
      // A folder that was copied says whose copy it is; who acts on it must not act on that one.
      manifest: { ...readManifest(paths), id },
      progress: new ProgressReader(paths.events),
      trajectories: new TrajectoryReader(paths),
    };
    this.#known.set(id, run);
    return run;
  }

  #summary({ paths, manifest, progress }: KnownRun): RunSummary {
    const holder = runProcess(paths.folder);
    const read: RunProgress = progress.read();
    const fresh = Date.now() - Date.parse(manifest.createdAt) < freshMilliseconds;
    return summaryOf(manifest, read, stateOf(read, holder?.pid, fresh));
  }
}
