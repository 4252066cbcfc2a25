/** Whether another request of an asker may go through, and if not, after how many seconds it may. */
export interface RequestLimit {
  take(asker: string, now?: number): { ok: true } | { ok: false; seconds: number };
}

/** Askers that are remembered; beyond them the longest silent is forgotten. */
const remembered = 10_000;

/** A bucket of tokens per asker: `burst` at once, then `perSecond`. */
export function requestLimit(perSecond: number, burst: number): RequestLimit {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(asker, now = performance.now()) {
      const known = buckets.get(asker);
      const tokens = known ? Math.min(burst, known.tokens + ((now - known.at) / 1000) * perSecond) : burst;
      buckets.delete(asker);
      buckets.set(asker, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
      if (buckets.size > remembered) buckets.delete(buckets.keys().next().value!);
      return tokens >= 1 ? { ok: true } : { ok: false, seconds: Math.max(1, Math.ceil((1 - tokens) / perSecond)) };
    },
  };
}
