import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { Launch as LaunchAnswer, RecipeProblem, RunEstimate } from "../../protocol/run-messages.ts";
import { Recipe } from "../../protocol/recipe.ts";
import { RunCheckpoint, RunEvent, RunSummary, type RunAction } from "../../protocol/run.ts";
import { Trajectory } from "../../protocol/trajectory.ts";
import { backOff, dispatcherFor, httpFetch, readUpTo } from "../models/http.ts";
import { packRecipe } from "./recipe-upload.ts";
import { isRunId } from "./run-paths.ts";
import {
  type Launch,
  type RecipeProblem as Problem,
  type RunDetails,
  type RunEstimate as Estimate,
  type RunHost,
  RunHostError,
} from "./run-host.ts";

const Refusal = z.object({
  kind: z.enum(["unknown-run", "damaged", "unreachable", "unauthorised", "busy", "disk", "refused"]),
  message: z.string().max(2000),
});
/** An id is printed, and asked for again: what is none does not come in. */
const Summary = RunSummary.extend({ id: z.string().refine(isRunId) });
const Launched = LaunchAnswer.refine((launch) => !launch.ok || isRunId(launch.id));
const Details = z.object({ summary: Summary, recipe: Recipe, checkpoints: z.array(RunCheckpoint) });
const Check = z.object({ problems: z.array(RecipeProblem), estimate: RunEstimate.optional() });

const largestAnswer = 256 * 2 ** 20;
/** A stream that is cut is asked for again so often before it counts as lost. */
const streamTries = 6;
/** The service says more often than this that a stream lives. */
const silentMilliseconds = 35_000;

export interface HttpRunHostSpec {
  /** Address of the service, without a token. */
  readonly url: string;
  readonly token: string;
  /** As the editor's settings name it; absent: that of the environment. */
  readonly proxy?: string;
}

/** Runs of another machine, behind `searchlight serve`. */
export class HttpRunHost implements RunHost {
  readonly #base: string;
  readonly #token: string;
  readonly #fetch: typeof globalThis.fetch;

  /** Throws `RunHostError` `refused` where the address is none. */
  constructor({ url, token, proxy }: HttpRunHostSpec) {
    const parsed = URL.parse(url);
    if (!parsed || !/^https?:$/.test(parsed.protocol) || parsed.username || parsed.password)
      throw new RunHostError(
        "refused",
        "The training service's address is one like http://127.0.0.1:8300, without a token in it.",
      );
    this.#base = `${parsed.origin}${parsed.pathname.replace(/\/+$/, "")}/v1`;
    this.#token = token;
    this.#fetch = httpFetch(dispatcherFor(proxy));
  }

  list(signal: AbortSignal): Promise<RunSummary[]> {
    return this.#json(z.array(Summary), "GET", "/runs", signal);
  }

  details(id: string, signal: AbortSignal): Promise<RunDetails> {
    return this.#json(Details, "GET", runPath(id), signal);
  }

  async check(recipeFile: string, signal: AbortSignal): Promise<{ problems: Problem[]; estimate?: Estimate }> {
    const packed = packRecipe(recipeFile);
    if (!packed.ok) return { problems: packed.problems };
    return withoutUndefined(await this.#json(Check, "POST", "/check", signal, packed.upload));
  }

  async launch(recipeFile: string, options: { key: string; dryRun?: boolean }, signal: AbortSignal): Promise<Launch> {
    const packed = packRecipe(recipeFile);
    if (!packed.ok) return packed;
    return this.#json(Launched, "POST", "/runs", signal, { ...packed.upload, ...options });
  }

  resume(id: string, signal: AbortSignal): Promise<Launch> {
    return this.#json(Launched, "POST", `${runPath(id)}/resume`, signal, {});
  }

  async act(id: string, action: RunAction, signal: AbortSignal): Promise<void> {
    await this.#json(z.object({}), "POST", `${runPath(id)}/act`, signal, { action });
  }

  async remove(id: string, signal: AbortSignal): Promise<void> {
    await this.#json(z.object({}), "DELETE", runPath(id), signal);
  }

  async *events(id: string, from: number, signal: AbortSignal): AsyncGenerator<RunEvent, void, undefined> {
    let next = from;
    for (let lost = 0; !signal.aborted;) {
      try {
        for await (const event of this.#stream(id, next, signal)) {
          if (event === "end") return;
          if (event.seq < next) continue;
          next = event.seq + 1;
          lost = 0;
          yield event;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof RunHostError) || error.kind !== "unreachable" || lost >= streamTries) throw error;
      }
      // The service was restarted, or the network cut: the next stream begins where this one ended.
      await wait(backOff(++lost) * 1000, undefined, { signal }).catch(() => {});
    }
  }

  trajectories(
    id: string,
    which: { ids: readonly string[] } | { latest: number },
    signal: AbortSignal,
  ): Promise<Trajectory[]> {
    return this.#json(z.array(Trajectory), "POST", `${runPath(id)}/trajectories`, signal, which);
  }

  log(id: string, lines: number, signal: AbortSignal): Promise<string[]> {
    return this.#json(z.array(z.string()), "GET", `${runPath(id)}/log?lines=${lines}`, signal);
  }

  async adapter(id: string, checkpoint: string, signal: AbortSignal): Promise<Uint8Array> {
    const response = await this.#ask("GET", `${runPath(id)}/adapters/${encodeURIComponent(checkpoint)}`, signal);
    const { bytes, cut } = await readUpTo(response, 8 * largestAnswer);
    if (cut) throw new RunHostError("refused", `The adapter of ${checkpoint} is larger than can be fetched.`);
    return bytes;
  }

  async *#stream(id: string, from: number, signal: AbortSignal): AsyncGenerator<RunEvent | "end", void, undefined> {
    const silent = new AbortController();
    const response = await this.#ask(
      "GET",
      `${runPath(id)}/events?from=${from}`,
      AbortSignal.any([signal, silent.signal]),
    );
    let timer: NodeJS.Timeout | undefined;
    const watch = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), silentMilliseconds);
    };
    try {
      watch();
      const decoder = new TextDecoder();
      let rest = "";
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        watch();
        const blocks = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
        rest = blocks.pop()!;
        if (rest.length > 16 * 2 ** 20)
          throw new RunHostError("refused", "The training service sent an event that is too large.");
        for (const block of blocks) {
          if (block.startsWith("event: end")) yield "end";
          const data = /^data: (.*)$/m.exec(block)?.[1];
          const event = data === undefined ? undefined : eventOf(data);
          if (event) yield event;
        }
      }
    } catch (cause) {
      if (cause instanceof RunHostError) throw cause;
      throw new RunHostError("unreachable", "The stream of the run's events was cut.", { cause });
    } finally {
      clearTimeout(timer);
      silent.abort();
    }
  }

  async #json<T>(schema: z.ZodType<T>, method: string, path: string, signal: AbortSignal, body?: object): Promise<T> {
    const response = await this.#ask(method, path, signal, body);
    const { bytes, cut } = await readUpTo(response, largestAnswer);
    const parsed = cut ? undefined : schema.safeParse(jsonOf(bytes));
    if (parsed?.success) return parsed.data;
    throw new RunHostError(
      "refused",
      "The training service answered with what cannot be read; it may be of another version.",
    );
  }

  async #ask(method: string, path: string, signal: AbortSignal, body?: object): Promise<Response> {
    let response: Response;
    try {
      response = await this.#fetch(`${this.#base}${path}`, {
        method,
        signal,
        // A redirect would carry the token to another host.
        redirect: "error",
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(body ? { "content-type": "application/json" } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
    } catch (cause) {
      const host = new URL(this.#base).host;
      throw new RunHostError(
        "unreachable",
        `The training service at ${host} does not answer; check that searchlight serve runs there.`,
        { cause },
      );
    }
    if (response.ok) return response;
    const { bytes } = await readUpTo(response, 65_536);
    const refusal = Refusal.safeParse(jsonOf(bytes));
    if (refusal.success) throw new RunHostError(refusal.data.kind, refusal.data.message);
    const kind = response.status === 401 ? "unauthorised" : response.status >= 500 ? "unreachable" : "refused";
    throw new RunHostError(
      kind,
      `The training service refused with status ${response.status}; it may be another program.`,
    );
  }
}

function runPath(id: string): string {
  return `/runs/${encodeURIComponent(id)}`;
}

function eventOf(text: string): RunEvent | undefined {
  return RunEvent.safeParse(jsonOf(Buffer.from(text))).data;
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return undefined;
  }
}

function withoutUndefined({ problems, estimate }: z.infer<typeof Check>): { problems: Problem[]; estimate?: Estimate } {
  if (!estimate) return { problems };
  const { seconds, money, found, ...rest } = estimate;
  return {
    problems,
    estimate: { ...rest, ...(seconds ? { seconds } : {}), ...(money ? { money } : {}), ...(found ? { found } : {}) },
  };
}
