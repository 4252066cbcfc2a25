import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** What can be asked of the process that writes an index. */
export const IndexRequest = z.enum(["cancel", "rebuild", "prune", "retry"]);
export type IndexRequest = z.infer<typeof IndexRequest>;

/**
 * Files beside an index through which any window and the terminal reach the one process that writes it. A pause stays until it is taken back,
 * also when that process ends; a request is taken once.
 */
export interface IndexControl {
  paused(): boolean;
  setPaused(paused: boolean): void;
  request(request: IndexRequest): void;
  /** Requests that wait, each taken away. */
  take(): IndexRequest[];
}

export function indexControl(home: string): IndexControl {
  const pause = join(home, "paused");
  const requests = join(home, "requests");
  return {
    paused: () => existsSync(pause),
    setPaused(paused) {
      if (!paused) return rmSync(pause, { force: true });
      mkdirSync(home, { recursive: true });
      writeFileSync(pause, "");
    },
    request(request) {
      mkdirSync(requests, { recursive: true });
      writeFileSync(join(requests, request), "");
    },
    take() {
      let names: string[] = [];
      try {
        names = readdirSync(requests);
      } catch {
        return [];
      }
      return names.flatMap((name) => {
        rmSync(join(requests, name), { recursive: true, force: true });
        return IndexRequest.safeParse(name).data ?? [];
      });
    },
  };
}
