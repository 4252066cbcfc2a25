import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { openDurableLines } from "../durable-lines.ts";
import { dataHome } from "../home.ts";
import { type RunHost, RunHostError } from "./run-host.ts";
import { isRunId } from "./run-paths.ts";

/** A host that fell silent (a service that restarts) is asked again after this. */
const retryMilliseconds = 2_000;

const Cursor = z.object({ next: z.int().min(0) });
/** Where a copy comes from, so that it can be taken up again by its file alone. */
const Source = z.object({ host: z.string(), id: z.string() });

/** Where the rollouts of runs on other machines are copied to. */
export function mirrorsHome(): string {
  return join(dataHome(), "remote-runs");
}

/**
 * Copies of the rollouts of runs on other machines, each in a file here that grows as the run does: by the cursor of the run's events, so
 * that a copy that was left goes on where it ended. What a person says of its rollouts is kept beside it.
 */
export class RunMirrors {
  readonly #home: string;
  readonly #onFault: (where: string, error: unknown) => void;
  readonly #following = new Map<string, AbortController>();

  constructor(home: string, onFault: (where: string, error: unknown) => void) {
    this.#home = home;
    this.#onFault = onFault;
  }

  /** The file of a run's rollouts; from then on it is kept up to date. Throws `RunHostError` where the run is not known. */
  async open(host: RunHost, address: string, id: string, signal: AbortSignal): Promise<string> {
    if (!isRunId(id)) throw new RunHostError("unknown-run", "This is no id of a run.");
    await host.details(id, signal);
    const folder = join(this.#home, `${createHash("sha256").update(address).digest("hex").slice(0, 16)}-${id}`);
    const file = join(folder, "trajectories.jsonl");
    if (this.#following.has(file)) return file;
    const ending = new AbortController();
    this.#following.set(file, ending);
    mkdirSync(folder, { recursive: true });
    if (!existsSync(file)) writeFileSync(file, "", { mode: 0o600 });
    writeFileSync(sourceOf(file), JSON.stringify({ host: address, id } satisfies z.infer<typeof Source>), {
      mode: 0o600,
    });
    void this.#follow(host, id, folder, ending.signal).catch((error: unknown) => {
      // One that was ended may have a follower after it.
      if (ending.signal.aborted) return;
      this.#following.delete(file);
      this.#onFault("copying the rollouts of a run", error);
    });
    return file;
  }

  /** Takes the copying into a file up again where it is one of these copies: an editor that a window opened again shows it. */
  async resume(file: string, hostOf: (address: string) => Promise<RunHost>, signal: AbortSignal): Promise<void> {
    if (this.#following.has(file) || dirname(dirname(file)) !== this.#home) return;
    const source = parsed(Source, sourceOf(file));
    // Without its service a copy shows what it has.
    const host = source && (await hostOf(source.host).catch(() => undefined));
    if (host) await this.open(host, source.host, source.id, signal).catch(() => undefined);
  }

  /** Ends the copying into a file that nobody looks at any more. */
  close(file: string): void {
    this.#following.get(file)?.abort();
    this.#following.delete(file);
  }

  closeAll(): void {
    for (const file of this.#following.keys()) this.close(file);
  }

  async #follow(host: RunHost, id: string, folder: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (await copyOn(host, id, folder, signal)) await wait(retryMilliseconds, undefined, { signal });
      } catch (error) {
        if (signal.aborted || !(error instanceof RunHostError) || error.kind !== "unreachable") throw error;
        await wait(retryMilliseconds, undefined, { signal });
      }
    }
  }
}

/** Copies from where copying ended until the host has no more events; true then, false where the signal fired. */
async function copyOn(host: RunHost, id: string, folder: string, signal: AbortSignal): Promise<boolean> {
  const lines = openDurableLines(join(folder, "trajectories.jsonl"));
  const cursorFile = join(folder, "cursor.json");
  try {
    for await (const event of host.events(id, readCursor(cursorFile), signal)) {
      if (event.type === "group") {
        const trajectories = await host.trajectories(id, { ids: event.group.trajectories }, signal);
        lines.append(trajectories.map((each) => JSON.stringify(each)));
        // Written after its rollouts: what dies in between is copied twice and never left out, and a list shows it once.
        writeCursor(cursorFile, event.seq + 1);
      }
    }
  } finally {
    lines.close();
  }
  return !signal.aborted;
}

function readCursor(file: string): number {
  return parsed(Cursor, file)?.next ?? 0;
}

function sourceOf(file: string): string {
  return join(dirname(file), "source.json");
}

function parsed<T>(schema: z.ZodType<T>, file: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(readFileSync(file, "utf8"))).data;
  } catch {
    return undefined;
  }
}

function writeCursor(file: string, next: number): void {
  writeFileSync(`${file}.part`, JSON.stringify({ next }), { mode: 0o600 });
  renameSync(`${file}.part`, file);
}
