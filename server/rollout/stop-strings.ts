import type { PolicyChunk, PolicyFinish } from "../models/policy.ts";

/**
 * Enforces stop strings on a stream of text, whatever the server behind it does: text from the first stop string on is
 * dropped and the stream is closed. A chunk's end that may be the beginning of a stop string is held back until it is
 * known to be text. Earlier positions win; at one position the longest stop string does.
 */
export async function* withStops(
  stream: AsyncGenerator<PolicyChunk, PolicyFinish>,
  stops: readonly string[],
): AsyncGenerator<PolicyChunk, PolicyFinish> {
  let held = "";
  try {
    for (;;) {
      const step = await stream.next();
      if (step.done) {
        if (held) yield { text: held };
        return step.value;
      }
      held += step.value.text;
      const stop = firstStop(held, stops);
      if (stop) {
        if (stop.at > 0) yield { text: held.slice(0, stop.at) };
        return { reason: "stop", stop: stop.text };
      }
      const safe = held.length - heldBack(held, stops);
      if (safe > 0) yield { text: held.slice(0, safe) };
      held = held.slice(safe);
    }
  } finally {
    // Closes the request behind the stream where the stop string was met before its end.
    await stream.return?.({ reason: "end" }).catch(() => undefined);
  }
}

function firstStop(text: string, stops: readonly string[]): { at: number; text: string } | undefined {
  let found: { at: number; text: string } | undefined;
  for (const stop of stops) {
    const at = text.indexOf(stop);
    if (at < 0) continue;
    if (!found || at < found.at || (at === found.at && stop.length > found.text.length)) found = { at, text: stop };
  }
  return found;
}

/** Length of the longest end of the text that begins a stop string. */
function heldBack(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (stop.startsWith(text.slice(text.length - length))) {
        longest = length;
        break;
      }
    }
  }
  return longest;
}
