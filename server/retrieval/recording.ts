import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { Hit } from "../../protocol/passage.ts";
import { FolderRef } from "../../protocol/place.ts";
import { allFailed } from "./retrieval-error.ts";
import type { Retriever, SearchOutcome } from "./retriever.ts";
import { normaliseQuery } from "./search-key.ts";
import { whyUnread, whyUnwritten } from "../file-failure.ts";

/*
 * A recording: JSON lines. The first says what was searched, each later one is the outcome of one query. Failures are
 * recorded too, so that a replay of a run fails where the run failed.
 */
const Head = z.object({ recording: z.literal(1), retriever: z.string(), folders: z.array(FolderRef) });
const Line = z.object({
  query: z.string(),
  k: z.int(),
  outcome: z.union([
    z.object({ ok: z.literal(true), hits: z.array(Hit), seconds: z.number(), cached: z.boolean() }),
    z.object({
      ok: z.literal(false),
      error: z.object({
        kind: z.enum(["unavailable", "timeout", "bad-response", "limit", "not-recorded"]),
        message: z.string(),
      }),
    }),
  ]),
});

/** A recording cannot be read or written. One sentence. */
export class RecordingError extends Error {}

/** Passes everything on and writes what came back to a file, which must not be there yet. Throws `RecordingError`. */
export function recorded(inner: Retriever, file: string): Retriever {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const head: z.infer<typeof Head> = { recording: 1, retriever: inner.id, folders: [...inner.folders] };
    writeFileSync(file, `${JSON.stringify(head)}\n`, { flag: "wx" });
  } catch (error) {
    throw new RecordingError(`${file} ${whyUnwritten(error)}; name another file for the recording.`, { cause: error });
  }
  return {
    id: inner.id,
    folders: inner.folders,
    coverage: () => inner.coverage(),
    async search(queries, k, signal) {
      const outcomes = await inner.search(queries, k, signal);
      const lines = queries.flatMap((query, index) => {
        const outcome = outcomes[index];
        // A cancelled search says nothing of the query.
        return outcome && (outcome.ok || outcome.error.kind !== "cancelled")
          ? [`${JSON.stringify({ query, k, outcome })}\n`]
          : [];
      });
      try {
        appendFileSync(file, lines.join(""));
      } catch {
        // A recording with a hole would replay another run; the run that was to be recorded fails instead.
        return allFailed(queries, {
          kind: "unavailable",
          message: `The recording ${file} cannot be written; free some space.`,
        });
      }
      return outcomes;
    },
  };
}

/**
 * A retriever made of a recording alone. It bears the recorded retriever's id, so that the run it repeats is the same run.
 * The nth asking of a query gets its nth recorded outcome, later askings the last. Throws `RecordingError`.
 */
export function replayed(file: string): Retriever {
  const { head, outcomes } = readRecording(file);
  const asked = new Map<string, number>();

  function answer(query: string, k: number): SearchOutcome {
    const key = replayKey(query, k);
    const known = outcomes.get(key);
    if (!known) {
      const message = `The recording ${file} holds no answer for ${k} passages to "${query.slice(0, 200)}"; record the run again.`;
      return { ok: false, error: { kind: "not-recorded", message } };
    }
    const turn = asked.get(key) ?? 0;
    asked.set(key, turn + 1);
    return known[Math.min(turn, known.length - 1)]!;
  }

  return {
    id: head.retriever,
    folders: head.folders,
    coverage: () => undefined,
    search: (queries, k) => Promise.resolve(queries.map((query) => answer(query, k))),
  };
}

function replayKey(query: string, k: number): string {
  return `${k} ${normaliseQuery(query)}`;
}

function readRecording(file: string): { head: z.infer<typeof Head>; outcomes: Map<string, SearchOutcome[]> } {
  let lines: string[];
  try {
    lines = readFileSync(file, "utf8").split("\n");
  } catch (error) {
    throw new RecordingError(`The recording ${file} ${whyUnread(error)}; name a file that --record wrote.`);
  }
  const head = Head.safeParse(parseLine(lines[0]!));
  if (!head.success) throw new RecordingError(`${file} is no recording of searches; one is made by --record.`);
  const outcomes = new Map<string, SearchOutcome[]>();
  for (const [index, text] of lines.entries()) {
    if (index === 0 || text === "") continue;
    const line = Line.safeParse(parseLine(text));
    // The last line of a killed process may be half a line.
    if (!line.success && index === lines.length - 1) break;
    if (!line.success)
      throw new RecordingError(`${file}, line ${index + 1} is no recorded search; record the run again.`);
    const { query, k, outcome } = line.data;
    const key = replayKey(query, k);
    outcomes.set(key, [...(outcomes.get(key) ?? []), outcome]);
  }
  return { head: head.data, outcomes };
}

function parseLine(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
