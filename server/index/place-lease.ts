import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { z } from "zod";
import { isAlive, ownStart } from "../process-identity.ts";
import type { Lease } from "./lease.ts";
import type { StoredState } from "./stored-state.ts";

const Holder = z.object({ token: z.string(), host: z.string(), pid: z.int(), start: z.string(), beat: z.int() });

const beatMilliseconds = 5_000;
const beatsPerFolding = 200;
/** A holder whose beat has not changed for this long has gone. */
const deadMilliseconds = 30_000;
/** A holder that could not beat for this long no longer counts on its right: well before others may take it. */
const ownMilliseconds = 20_000;

const key = "writer";
/** Beats of other holders as this process has seen them, with when by its own monotonic clock: clocks of machines differ. */
const seen = new WeakMap<StoredState, { value: string; since: number }>();

/**
 * The lease of an index that several machines share, as a value of its stored state that is swapped atomically. Takes over from a holder whose
 * beat has stood still for half a minute, as seen by this process over its calls.
 */
export async function takePlaceLease(
  state: StoredState,
): Promise<{ ok: true; lease: Lease } | { ok: false; holder: string }> {
  const before = await state.get(key);
  const holder = before === undefined || before === "" ? undefined : parsed(before);
  if (holder && mayLive(holder) && !isSilent(state, before!)) return { ok: false, holder: holder.host };
  const token = randomUUID();
  const value = written(token, 0);
  if (!(await state.swap(key, before, value))) return { ok: false, holder: parsed(await state.get(key))?.host ?? "" };
  return { ok: true, lease: keep(state, token, value) };
}

function keep(state: StoredState, token: string, first: string): Lease {
  let current = first;
  let beat = 0;
  let beaten = performance.now();
  let lost = false;
  let ended: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    ended = ended.then(async () => {
      if (lost) return;
      const next = written(token, ++beat);
      try {
        const kept = await state.swap(key, current, next);
        if (kept || (await state.get(key)) === next) [current, beaten] = [next, performance.now()];
        else lost = true;
        // Each beat is a version, also while nothing is indexed.
        if (beat % beatsPerFolding === 0) await state.fold();
      } catch {
        // The store does not answer: the next beat may come through, and until then the right runs out by itself.
      }
    });
  }, beatMilliseconds);
  timer.unref();
  return {
    held: () => !lost && performance.now() - beaten < ownMilliseconds,
    async release() {
      clearInterval(timer);
      await ended;
      if (!lost) await state.swap(key, current, "").catch(() => false);
    },
  };
}

function written(token: string, beat: number): string {
  return JSON.stringify({ token, host: hostname(), pid: process.pid, start: ownStart(), beat });
}

function parsed(value: string | undefined): z.infer<typeof Holder> | undefined {
  try {
    return Holder.safeParse(JSON.parse(value ?? "")).data;
  } catch {
    return undefined;
  }
}

/** A process of this machine can be asked; of others, the beat alone tells. */
function mayLive(holder: z.infer<typeof Holder>): boolean {
  return holder.host !== hostname() || isAlive(holder);
}

function isSilent(state: StoredState, value: string): boolean {
  const known = seen.get(state);
  if (known?.value !== value) seen.set(state, { value, since: performance.now() });
  return performance.now() - (seen.get(state)?.since ?? 0) > deadMilliseconds;
}
