import type { Hit, SearchMode } from "../../protocol/passage.ts";

export interface LegsToSearch {
  run(legs: SearchMode): Promise<Hit[]>;
  /** Looks for the latest version of the tables. */
  refresh(): Promise<unknown>;
  /** Told of a failure that the latest version has as well. */
  failed(error: unknown): void;
  signal: AbortSignal;
}

/**
 * A search in which a leg that cannot be searched costs its own hits alone: `lost` says which and why. A writer's clean-up can take a file from
 * under a reader, so a failed search is tried once more on the latest version.
 */
export async function searchLegs(
  mode: SearchMode,
  { run, refresh, failed, signal }: LegsToSearch,
): Promise<{ hits: Hit[]; lost?: string }> {
  try {
    return { hits: await run(mode) };
  } catch (first) {
    signal.throwIfAborted();
    try {
      await refresh();
      return { hits: await run(mode) };
    } catch (error) {
      signal.throwIfAborted();
      failed(error);
      if (mode !== "hybrid") throw error;
      const words = await run("words").catch(() => undefined);
      if (words) return { hits: words, lost: `vectors could not be searched (${reason(error)})` };
      const vectors = await run("vectors").catch(() => undefined);
      if (vectors) return { hits: vectors, lost: `words could not be searched (${reason(error)})` };
      throw first;
    }
  }
}

function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!.replace(/\.$/, "");
}
