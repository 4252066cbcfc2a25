import { existsSync, readdirSync } from "node:fs";
import type { Command } from "commander";
import { describeSkipped } from "../../protocol/index-status.ts";
import { openFolder } from "../home.ts";
import { type IndexRequest, indexControl } from "../index/control.ts";
import { type IndexPlace, parsePlace } from "../index/index-place.ts";
import { PlaceFault } from "../index/place-fault.ts";
import { type Snapshot, listSnapshots, snapshotText, withDatabase } from "../index/snapshot-catalog.ts";
import { loadLance } from "../lance.ts";
import { counted } from "./counted.ts";
import { updateWithProgress } from "./index-progress.ts";
import { CommandError, exitCodes, interruptSignal, note, print, printJson } from "./output.ts";
import { existingFolder, openCommandProject } from "./project-argument.ts";
import { describeStatus } from "./status.ts";
import { oneLine } from "./visible-text.ts";

const embedderOption = ["--embedder <id>", "minilm, openai:MODEL@URL or none", "minilm"] as const;
const jsonOption = ["--json", "one JSON object on standard output"] as const;

interface ActionOptions {
  embedder: string;
  json?: boolean;
}

/** What can be done to an index beside bringing it up to date. */
export function addIndexActions(index: Command): void {
  // Options after the name of an action are the action's own, which every command above it must know.
  for (let command: Command | null = index; command; command = command.parent) command.enablePositionalOptions();
  addControls(index);
  index
    .command("rebuild")
    .description("Start over; the Searchlight that keeps the index does it, where that is another.")
    .argument("<dir>", "folder of documents")
    .option(...embedderOption)
    .option(...jsonOption)
    .action((dir: string, options: ActionOptions) => actOn("rebuild", dir, options));
  index
    .command("prune")
    .description("Remove vectors that no document needs, those of other embedders, and old versions.")
    .argument("<dir>", "folder of documents")
    .option(...embedderOption)
    .option(...jsonOption)
    .action((dir: string, options: ActionOptions) => actOn("prune", dir, options));
  index
    .command("retry")
    .description(
      "Read the files again that are skipped until they change, such as those that took too long; says what is still skipped.",
    )
    .argument("<dir>", "folder of documents")
    .option(...embedderOption)
    .option(...jsonOption)
    .action((dir: string, options: ActionOptions) => actOn("retry", dir, options));
  addSnapshotCommands(index);
}

/** These reach whichever process works on the index, and need no index to be opened. */
function addControls(index: Command): void {
  const control = (dir: string) => indexControl(openFolder(existingFolder(dir)).indexHome);
  index
    .command("pause")
    .description("Hold all indexing of a folder, in every window and terminal, until it is resumed.")
    .argument("<dir>", "folder of documents")
    .action((dir: string) => {
      control(dir).setPaused(true);
      print("Paused; searchlight index resume goes on.");
    });
  index
    .command("resume")
    .description("Go on with what was paused.")
    .argument("<dir>", "folder of documents")
    .action((dir: string) => {
      control(dir).setPaused(false);
      print("Resumed; an open window goes on by itself, searchlight index does it here.");
    });
  index
    .command("cancel")
    .description("End the update in progress; what is committed stays.")
    .argument("<dir>", "folder of documents")
    .action((dir: string) => {
      control(dir).request("cancel");
      print("Asked; whoever indexes this folder ends within a second.");
    });
}

async function actOn(action: Exclude<IndexRequest, "cancel">, dir: string, options: ActionOptions): Promise<void> {
  const signal = interruptSignal();
  await using project = await openCommandProject(dir, options.embedder);
  const { index } = project;
  if (index.status().role === "reader") {
    indexControl(project.folder.indexHome).request(action);
    if (options.json) return printJson({ status: index.status(), asked: true });
    return print(`Another Searchlight keeps this index and was asked to ${asked[action]}.`);
  }
  if (action === "prune") {
    const sizes = await index.prune(signal);
    if (options.json) return printJson({ status: index.status(), ...sizes });
    return print(`${megabytes(sizes.before)} MB before, ${megabytes(sizes.after)} MB after.`);
  }
  refuseWhilePaused(index.status().state, dir);
  const update = await updateWithProgress(project, {
    json: options.json === true,
    until: "vectors",
    how: action,
    signal,
  });
  await update.done;
  const status = index.status();
  if (options.json) return printJson({ status });
  print(describeStatus(status));
  const skipped = describeSkipped(status.skipped);
  if (skipped && action === "retry") note(`Still ${skipped}; searchlight status lists them.`);
}

const asked = { rebuild: "rebuild it", prune: "prune it", retry: "read what it skips again" };

/** A paused index would keep a command waiting for whoever resumes it. */
export function refuseWhilePaused(state: string, dir: string): void {
  if (state === "paused")
    throw new CommandError(`Indexing of ${dir} is paused; searchlight index resume ${dir} goes on.`);
}

function addSnapshotCommands(index: Command): void {
  index
    .command("publish")
    .description("Copy the index of a folder, frozen, to a place that runs elsewhere can name.")
    .argument("<uri>", "s3://BUCKET/PATH, gs://…, az://…, db://…, or a folder")
    .argument("[dir]", "folder of documents", ".")
    .option(...embedderOption)
    .option(...jsonOption)
    .action(async (uri: string, dir: string, options: ActionOptions) => {
      const signal = interruptSignal();
      const place = namedPlace(uri);
      refuseOtherFiles(place, uri);
      await using project = await openCommandProject(dir, options.embedder);
      refuseWhilePaused(project.index.status().state, dir);
      const update = await updateWithProgress(project, { json: options.json === true, until: "vectors", signal });
      await update.done;
      const { snapshot, made } = await said(() => project.index.publish(place, { signal }));
      const name = snapshotText(place, snapshot.id);
      if (options.json) return printJson({ name, made, snapshot });
      note(made ? describeSnapshot(snapshot) : "The same content is published already.");
      print(name);
    });
  index
    .command("snapshots")
    .description("List what is published at a place, oldest first.")
    .argument("<uri>", "s3://BUCKET/PATH, gs://…, az://…, db://…, or a folder")
    .option(...jsonOption)
    .action(async (uri: string, options: { json?: boolean }) => {
      const place = namedPlace(uri);
      if (place.kind === "folder") existingFolder(place.path);
      const load = await loadLance();
      if (!load.ok) throw new CommandError(load.reason);
      const snapshots = await said(() => withDatabase(load.lance, place, {}, listSnapshots));
      if (options.json)
        return printJson({ snapshots: snapshots.map((each) => ({ name: snapshotText(place, each.id), ...each })) });
      if (snapshots.length === 0) note("Nothing is published there.");
      for (const each of snapshots) print(`${snapshotText(place, each.id)}  ${describeSnapshot(each)}`);
    });
}

/** A folder of documents, which every other action of `index` takes first, is not to be filled with tables. */
function refuseOtherFiles(place: IndexPlace, uri: string): void {
  if (place.kind !== "folder" || !existsSync(place.path)) return;
  const names = readdirSync(existingFolder(place.path));
  if (names.length === 0 || names.some((name) => name.endsWith(".lance"))) return;
  throw new CommandError(
    `${uri} holds other files; give a place of its own first, then the folder of documents: searchlight index publish PLACE ${uri}.`,
    exitCodes.usage,
  );
}

function namedPlace(uri: string): IndexPlace {
  const parsed = parsePlace(uri);
  if (parsed.ok) return parsed.place;
  throw new CommandError(parsed.reason, exitCodes.usage);
}

async function said<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PlaceFault) throw new CommandError(error.message, exitCodes.failed, { cause: error });
    throw error;
  }
}

function describeSnapshot({ folder, passages, vectors, embedder }: Snapshot): string {
  return `${oneLine(folder, 80)}: ${counted(passages, "passage")}, ${embedder ? `${counted(vectors, "vector")} of ${oneLine(embedder.id, 80)}` : "words only"}`;
}

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
