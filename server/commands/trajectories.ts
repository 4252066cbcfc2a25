import { existsSync, readdirSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { StoredFilter } from "../../protocol/stored-filter.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { dataHome, openFolder } from "../home.ts";
import { shownReward } from "../rewards/fitting-reward.ts";
import { storeAnnotations } from "../trajectories/annotations/annotation-file.ts";
import { excludedBy } from "../trajectories/annotations/excluded.ts";
import { type TrajectoryStore, openTrajectoryStore } from "../trajectories/store.ts";
import { chosenFormat, formatNames, tellRefused, writeFormat } from "./chosen-format.ts";
import { counted } from "./counted.ts";
import { CommandError, exitCodes, print, printJson } from "./output.ts";
import { existingFolder } from "./project-argument.ts";
import { printTrajectory } from "./trajectory-print.ts";
import { oneLine, visible } from "./visible-text.ts";
import { whyUnwritten } from "../file-failure.ts";

export function addTrajectoriesCommand(program: Command): void {
  const command = program.command("trajectories").description("Past questions about a folder: list, show, export.");

  command
    .command("list")
    .description("Stored trajectories, latest first.")
    .argument("<dir>", "folder of documents")
    .option("-n, --limit <count>", "how many", "20")
    .option("--text <words>", 'words and "phrases" that the transcript, the question or a query holds')
    .option("--stop <reason>", "why it ended")
    .option("--policy <id>", "policy that wrote it")
    .option("--profile <name>", "rollout profile")
    .option("--step <n>", "training step")
    .option("--prompt <group>", "group of its prompt")
    .option("--rule <name>", "reward rule that it lost to")
    .option("--searches <n>", "number of searches")
    .option("--component <name>", "component of the reward; --least and --most are then of its points")
    .option("--least <reward>", "lowest reward")
    .option("--most <reward>", "highest reward")
    .option("--tag <tag>", "tag that was given to it in the viewer")
    .option("--marked <how>", "excluded, included (in training) or noted")
    .option("--json", "one JSON object on standard output")
    .action(async (dir: string, options: ListOptions) => {
      const limit = wholeNumber("limit", options.limit, 1)!;
      const filter = filterOf(options);
      await withStore(dir, async (store) => {
        const trajectories = await store.list(limit, filter);
        if (options.json) return printJson({ trajectories });
        if (trajectories.length === 0)
          print(
            Object.keys(filter).length === 0
              ? "No question was asked about this folder so far."
              : "No stored trajectory of this folder is like that.",
          );
        for (const row of trajectories) {
          const end =
            row.status === "done"
              ? row.abstained
                ? "not in these documents"
                : oneLine(row.stopReason ?? "", 40)
              : row.status;
          print(
            `${oneLine(row.id, 64)}  ${row.createdAt.slice(0, 16).replace("T", " ")}  ${oneLine(row.question, 70)}  (${end}, ${counted(row.searches, "search", "searches")})`,
          );
        }
      });
    });

  command
    .command("show")
    .description("One trajectory: segments, masked spans, searches, answer.")
    .usage("[dir] <id> [--json]")
    .argument("<dir-or-id>", "folder of documents; without one all folders are looked through")
    .argument("[id]", "id of the trajectory, where a folder goes before it")
    .option("--json", "the whole record as one JSON object")
    .action(async (first: string, second: string | undefined, options: { json?: boolean }) => {
      const trajectory = second === undefined ? await findAnywhere(first) : await findIn(first, second);
      if (options.json) printJson({ trajectory });
      else printTrajectory(trajectory, shownReward(trajectory));
    });

  command
    .command("export")
    .description("All trajectories as JSON lines, or in another format.")
    .argument("<dir>", "folder of documents")
    .option("-o, --output <file>", "file to write; standard output when absent")
    .option("--format <name>", `format to write: ${formatNames}`)
    .option("--without-excluded", "leave out what was excluded from training in the viewer")
    .option("--json", "one JSON object on standard output instead of lines")
    .action(async (dir: string, options: ExportOptions) => {
      if (options.json && options.output)
        throw new CommandError("--json prints on standard output; leave out --output.", exitCodes.usage);
      const format = options.format === undefined ? undefined : chosenFormat(options.format);
      if (format && !options.output)
        throw new CommandError("--format writes a file; name it with --output.", exitCodes.usage);
      const home = openFolder(existingFolder(dir)).trajectoriesHome;
      const isExcluded = options.withoutExcluded ? excludedBy(storeAnnotations(home)) : () => false;
      await withStore(dir, async (store) => {
        if (options.json) return printJson({ trajectories: await allOf(store, isExcluded) });
        if (format && options.output)
          return tellRefused((await writeFormat(options.output, format, eachOf(store, isExcluded))).refused);
        const file = options.output ? await openForWriting(options.output) : undefined;
        for await (const trajectory of eachOf(store, isExcluded)) {
          if (file) await file.write(`${JSON.stringify(trajectory)}\n`);
          else print(JSON.stringify(trajectory));
        }
        await file?.close();
      });
    });
}

type ListOptions = {
  [
    name in
      | "text"
      | "stop"
      | "policy"
      | "profile"
      | "step"
      | "prompt"
      | "rule"
      | "searches"
      | "component"
      | "least"
      | "most"
      | "tag"
      | "marked"
  ]?: string;
} & { limit: string; json?: boolean };

function filterOf({
  text,
  stop,
  policy,
  profile,
  step,
  prompt,
  rule,
  searches,
  component,
  least,
  most,
  tag,
  marked,
}: ListOptions): StoredFilter {
  const filter = {
    ...{ text, stop, policy, profile, prompt, rule, component, tag },
    step: wholeNumber("step", step),
    searches: wholeNumber("searches", searches),
    least: anyNumber("least", least),
    most: anyNumber("most", most),
    marked: markOf(marked),
  };
  const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
  const parsed = StoredFilter.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new CommandError("--tag takes a tag of 1 to 60 characters.", exitCodes.usage);
}

function markOf(text: string | undefined): StoredFilter["marked"] {
  if (text === undefined || text === "excluded" || text === "included" || text === "noted") return text;
  throw new CommandError("--marked takes excluded, included or noted.", exitCodes.usage);
}

function anyNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new CommandError(`--${name} takes a number.`, exitCodes.usage);
}

function wholeNumber(name: string, text: string | undefined, from = 0): number | undefined {
  const value = text === undefined ? undefined : Number(text);
  if (value === undefined || (Number.isSafeInteger(value) && value >= from && text?.trim() !== "")) return value;
  throw new CommandError(`--${name} takes a whole number from ${from}.`, exitCodes.usage);
}

interface ExportOptions {
  output?: string;
  format?: string;
  withoutExcluded?: boolean;
  json?: boolean;
}

type IsExcluded = (trajectory: Trajectory) => boolean;

/** Oldest first. */
async function* eachOf(store: TrajectoryStore, isExcluded: IsExcluded): AsyncGenerator<Trajectory> {
  for (const { id } of (await store.list(Number.MAX_SAFE_INTEGER)).reverse()) {
    const trajectory = await store.get(id);
    if (trajectory && !isExcluded(trajectory)) yield trajectory;
  }
}

async function allOf(store: TrajectoryStore, isExcluded: IsExcluded): Promise<Trajectory[]> {
  const all: Trajectory[] = [];
  for await (const trajectory of eachOf(store, isExcluded)) all.push(trajectory);
  return all;
}

async function findIn(dir: string, id: string): Promise<Trajectory> {
  let found: Trajectory | undefined;
  await withStore(dir, async (store) => {
    found = await store.get(id);
  });
  if (found) return found;
  throw new CommandError(
    `There is no trajectory ${visible(id)} for this folder; searchlight trajectories list shows those there are.`,
  );
}

/** Looks through the stores of all folders that were ever asked about. */
async function findAnywhere(id: string): Promise<Trajectory> {
  const projects = join(dataHome(), "projects");
  for (const project of existsSync(projects) ? readdirSync(projects) : []) {
    const home = join(projects, project, "trajectories");
    if (!existsSync(home)) continue;
    const store = await openTrajectoryStore(home);
    try {
      const found = await store.get(id);
      if (found) return found;
    } finally {
      store.close();
    }
  }
  throw new CommandError(
    `There is no trajectory ${visible(id)} for any folder; searchlight trajectories list DIR shows those of one.`,
  );
}

/** Opens a file anew; a path that cannot be written is a CommandError, which names the file that it stands for. */
export async function openForWriting(path: string, wanted = path): Promise<FileHandle> {
  try {
    return await open(path, "w");
  } catch (error) {
    throw new CommandError(`${visible(wanted)} ${whyUnwritten(error)}; choose another file.`);
  }
}

/** Opens the store of a folder for as long as `use` runs. */
export async function withStore(dir: string, use: (store: TrajectoryStore) => Promise<void>): Promise<void> {
  const store = await openTrajectoryStore(openFolder(existingFolder(dir)).trajectoriesHome);
  try {
    await use(store);
  } finally {
    store.close();
  }
}
