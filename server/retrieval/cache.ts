import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Hit } from "../../protocol/passage.ts";
import type { Retriever, SearchOutcome } from "./retriever.ts";
import { type SearchKey, keyDigest, normaliseQuery } from "./search-key.ts";

export interface CacheOptions {
  home: string;
  /** How long an answer is used. */
  hours: number;
  /** Queries that differ in capitals alone are one. */
  fold?: boolean;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

const Entry = z.object({
  version: z.literal(1),
  retriever: z.string(),
  query: z.string(),
  k: z.int(),
  /** Milliseconds since the epoch. */
  at: z.number(),
  hits: z.array(Hit),
});

const hour = 3_600_000;

/**
 * Answers what was answered before from disk, and asks for the rest in one call. One file an answer, put in place by a
 * rename: any number of processes may share the folder. Failures are never kept, and a cache that cannot be written
 * costs its advantage only.
 */
export function cached(inner: Retriever, options: CacheOptions): Retriever {
  const now = options.now ?? Date.now;
  const keyOf = (query: string, k: number): SearchKey => ({
    retriever: inner.id,
    query: normaliseQuery(query, options.fold),
    k,
  });
  sweep(options.home, options.hours, now());

  function read(key: SearchKey): SearchOutcome | undefined {
    const started = performance.now();
    let entry: z.infer<typeof Entry>;
    try {
      entry = Entry.parse(JSON.parse(readFileSync(fileOf(options.home, key), "utf8")));
    } catch {
      return undefined; // Absent or damaged: the answer is asked for again and written over it.
    }
    const same = entry.retriever === key.retriever && entry.query === key.query && entry.k === key.k;
    const age = now() - entry.at;
    if (!same || age < 0 || age > options.hours * hour) return undefined;
    return { ok: true, hits: entry.hits, seconds: (performance.now() - started) / 1000, cached: true };
  }

  return {
    id: inner.id,
    folders: inner.folders,
    coverage: () => inner.coverage(),
    async search(queries, k, signal) {
      const outcomes = queries.map((query) => read(keyOf(query, k)));
      // Queries of one key are asked once, in the spelling of the first.
      const missing = new Map<string, { query: string; at: number[] }>();
      for (const [index, query] of queries.entries()) {
        if (outcomes[index]) continue;
        const name = keyDigest(keyOf(query, k));
        const entry = missing.get(name) ?? { query, at: [] };
        entry.at.push(index);
        missing.set(name, entry);
      }
      const asked = [...missing.values()];
      if (asked.length > 0) {
        const answers = await inner.search(
          asked.map(({ query }) => query),
          k,
          signal,
        );
        for (const [index, { query, at }] of asked.entries()) {
          const answer = answers[index]!;
          for (const place of at) outcomes[place] = answer;
          if (answer.ok) write(options.home, { version: 1, ...keyOf(query, k), at: now(), hits: answer.hits });
        }
      }
      return outcomes.map((outcome) => outcome!);
    },
  };
}

function fileOf(home: string, key: SearchKey): string {
  const digest = keyDigest(key);
  return join(home, digest.slice(0, 2), `${digest}.json`);
}

let written = 0;

function write(home: string, entry: z.infer<typeof Entry>): void {
  const file = fileOf(home, entry);
  const temporary = `${file}.${process.pid}-${written++}.tmp`;
  try {
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(temporary, JSON.stringify(entry));
    renameSync(temporary, file);
  } catch {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // There is no such folder; then there is no such file.
    }
  }
}

/** Removes what is too old to be used, and what a killed process left half written; at most once a day. */
function sweep(home: string, hours: number, now: number): void {
  const mark = join(home, "swept");
  try {
    mkdirSync(home, { recursive: true });
    const last = statSync(mark, { throwIfNoEntry: false });
    if (last && now - last.mtimeMs < 24 * hour) return;
    writeFileSync(mark, "");
    for (const folder of readdirSync(home).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
      for (const name of readdirSync(join(home, folder))) {
        const path = join(home, folder, name);
        const limit = name.endsWith(".tmp") ? hour : hours * hour;
        if (now - statSync(path).mtimeMs > limit) rmSync(path, { force: true });
      }
    }
  } catch {
    // Another process sweeps at the same time, or the folder cannot be written: nothing depends on it.
  }
}
