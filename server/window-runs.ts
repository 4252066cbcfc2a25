import { dirname } from "node:path";
import type { RunList, RunRef } from "../protocol/run-messages.ts";
import { isLive } from "../protocol/run-state.ts";
import type { RunEvent, RunGroup, RunSummary } from "../protocol/run.ts";
import { type RunHost, RunHostError } from "./runs/run-host.ts";
import { mirrorsHome, RunMirrors } from "./runs/run-mirror.ts";
import { WatchedRun } from "./runs/watched-run.ts";

/** How often the lists are looked at while a run lives, and while none does. */
const lookMilliseconds = { live: 1_500, quiet: 8_000 };

export interface WindowRunsSpec {
  /** Runs of this machine. */
  local(): Promise<RunHost>;
  /** Address of the attached service; empty for none. */
  service: string;
  openService(url: string): Promise<RunHost>;
  onList(list: RunList): void;
  onEvents(run: RunRef, events: RunEvent[]): void;
  onFault(where: string, error: unknown): void;
}

/**
 * The training runs that a window sees: those of this machine and of one service. A run belongs to no window: whoever starts, stops
 * or removes one, here or elsewhere, it shows at the next look.
 */
export class WindowRuns {
  readonly #spec: WindowRunsSpec;
  readonly #watched = new Map<string, WatchedRun>();
  readonly #copies: RunMirrors;
  readonly #ending = new AbortController();
  #local: Promise<RunHost> | undefined;
  #service: Promise<RunHost> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #told = "";

  constructor(spec: WindowRunsSpec, copiesHome = mirrorsHome()) {
    this.#spec = spec;
    this.#copies = new RunMirrors(copiesHome, spec.onFault);
  }

  /** The list now; from the first call on, each change is told of. */
  async list(): Promise<RunList> {
    this.#looking = true;
    const list = await this.#look();
    this.#told = JSON.stringify(list);
    this.#plan(list);
    return list;
  }

  /** Throws `RunHostError` for a service that is not attached. */
  async host(address: string | undefined): Promise<RunHost> {
    if (address === undefined)
      return (this.#local ??= forgetFailure(this.#spec.local(), () => (this.#local = undefined)));
    if (address !== this.#spec.service) {
      throw new RunHostError(
        "unreachable",
        `The training service ${address} is not attached to this window; run “Searchlight: Attach to Training Service…”.`,
      );
    }
    return (this.#service ??= forgetFailure(this.#spec.openService(address), () => (this.#service = undefined)));
  }

  async watch(ref: RunRef, signal: AbortSignal) {
    const host = await this.host(ref.host);
    const { summary, recipe, folder } = await host.details(ref.id, signal);
    const watched = this.#watch(host, ref);
    const picture = await watched.picture(summary.events, signal);
    return {
      summary: { ...summary, ...(ref.host === undefined ? {} : { host: ref.host }) },
      recipe: JSON.stringify(recipe, null, 2),
      ...(folder === undefined ? {} : { folder }),
      picture,
    };
  }

  unwatch(ref: RunRef): void {
    this.#watched.get(keyOf(ref))?.close();
    this.#watched.delete(keyOf(ref));
  }

  /** The groups of one iteration as it was trained last, read back from the run's events. */
  async groups(ref: RunRef, iteration: number, signal: AbortSignal): Promise<RunGroup[]> {
    const host = await this.host(ref.host);
    const watched = this.#watch(host, ref);
    const { summary } = await host.details(ref.id, signal);
    const { cursor } = await watched.picture(summary.events, signal);
    const from = watched.beginOf(iteration);
    if (from === undefined) return [];
    const groups: RunGroup[] = [];
    for await (const event of host.events(ref.id, from, signal)) {
      if (event.type === "group" && event.group.iteration === iteration) groups.push(event.group);
      const over = event.type === "iteration" && event.iteration >= iteration;
      if (over || event.seq + 1 >= cursor) break;
    }
    return groups;
  }

  /** The folder that a run's rollouts are in: its own, or for a run of the service one here that they are copied into as they come. */
  async folder(ref: RunRef, signal: AbortSignal): Promise<string> {
    const host = await this.host(ref.host);
    const { folder } = await host.details(ref.id, signal);
    return folder ?? dirname(await this.#copies.open(host, ref.host ?? "", ref.id, signal));
  }

  /** A file of trajectories is looked at: one that is copied here goes on being copied. */
  async shown(path: string, signal: AbortSignal): Promise<void> {
    await this.#copies.resume(path, (address) => this.host(address), signal);
  }

  /** Nobody looks at a file of trajectories any more. */
  closed(path: string): void {
    this.#copies.close(path);
  }

  /** Looks at the lists at once: something was just started or ended from here. */
  refresh(): void {
    if (this.#looking) void this.#tell();
  }

  close(): void {
    this.#ending.abort();
    this.#copies.closeAll();
    clearTimeout(this.#timer);
    for (const watched of this.#watched.values()) watched.close();
  }

  #watch(host: RunHost, ref: RunRef): WatchedRun {
    const key = keyOf(ref);
    const known = this.#watched.get(key);
    if (known) return known;
    const watched = new WatchedRun({
      host,
      id: ref.id,
      publish: (events) => this.#spec.onEvents(ref, events),
      onFault: this.#spec.onFault,
    });
    this.#watched.set(key, watched);
    return watched;
  }

  async #look(): Promise<RunList> {
    const { signal } = this.#ending;
    const { service } = this.#spec;
    const local = await (await this.host(undefined)).list(signal);
    if (!service) return { runs: latestFirst(local) };
    try {
      const remote = await (await this.host(service)).list(signal);
      return { runs: latestFirst([...local, ...remote.map((run) => ({ ...run, host: service }))]) };
    } catch (error) {
      return { runs: latestFirst(local), trouble: error instanceof Error ? error.message : String(error) };
    }
  }

  async #tell(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#ending.signal.aborted) return;
    try {
      const list = await this.#look();
      const text = JSON.stringify(list);
      if (text !== this.#told) {
        this.#told = text;
        this.#spec.onList(list);
      }
      this.#plan(list);
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      this.#spec.onFault("listing training runs", error);
      this.#plan({ runs: [] });
    }
  }

  #plan({ runs }: RunList): void {
    clearTimeout(this.#timer);
    if (this.#ending.signal.aborted) return;
    const live = runs.some(({ state }) => isLive(state));
    this.#timer = setTimeout(() => void this.#tell(), live ? lookMilliseconds.live : lookMilliseconds.quiet);
    this.#timer.unref();
  }
}

function keyOf({ host, id }: RunRef): string {
  return `${host ?? ""} ${id}`;
}

function latestFirst(runs: RunSummary[]): RunSummary[] {
  return runs.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0));
}

/** A host that did not open is tried again at the next need. */
function forgetFailure(opening: Promise<RunHost>, forget: () => void): Promise<RunHost> {
  opening.catch(forget);
  return opening;
}
