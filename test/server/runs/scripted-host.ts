import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RecipeInput } from "../../../protocol/recipe.ts";
import type { RunEvent } from "../../../protocol/run.ts";
import { LocalRunHost } from "../../../server/runs/local-host.ts";
import { writeRecipe } from "../../fixtures/training-recipe.ts";

const entry = fileURLToPath(new URL("../../fixtures/scripted-run.ts", import.meta.url));

/** The run process with a scripted loop. */
export const scriptedCommand = { file: process.execPath, args: [entry] };

export const soon = (): AbortSignal => AbortSignal.timeout(30_000);

/** A host of its own with runs whose loop is a script. */
export function scriptedHost(env: NodeJS.ProcessEnv = {}, runs?: string) {
  const folder = mkdtempSync(join(tmpdir(), "searchlight-runs-test-"));
  const home = runs ?? join(folder, "runs");
  const open = (): LocalRunHost =>
    new LocalRunHost({ home, command: { ...scriptedCommand, env }, check: async () => ({ problems: [] }) });
  return {
    folder,
    home,
    host: open(),
    /** Another host of the same runs, as another window has it. */
    open,
    recipe: (script: object = {}, iterations = 3, fields: Partial<RecipeInput> = {}): string =>
      writeRecipe(folder, {
        ...fields,
        about: JSON.stringify(script),
        stages: [
          {
            name: "answers",
            reward: "paper-stage2",
            iterations,
            prompts: 1,
            rollouts: 2,
            minibatch: 2,
            learningRate: { peak: 0.001 },
          },
        ],
      }),
    lines: (id: string, name: string): string[] =>
      readFileSync(join(home, id, name), "utf8")
        .trim()
        .split("\n")
        .filter(Boolean),
    // A run's process may be writing its last words.
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }),
  };
}

/** Events until one passes. Throws where the run ends before. */
export async function until(
  host: LocalRunHost,
  id: string,
  found: (event: RunEvent) => boolean,
  from = 0,
): Promise<RunEvent> {
  const signal = soon();
  for await (const event of host.events(id, from, signal)) if (found(event)) return event;
  throw new Error(signal.aborted ? "The event did not come." : "The run ended before the event.");
}

export async function launched(host: LocalRunHost, recipe: string, key: string): Promise<string> {
  const launch = await host.launch(recipe, { key }, soon());
  if (!launch.ok) throw new Error(JSON.stringify(launch.problems));
  return launch.id;
}

export async function all(host: LocalRunHost, id: string, from = 0): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of host.events(id, from, soon())) events.push(event);
  return events;
}
