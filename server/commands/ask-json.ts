import type { Citation } from "../../protocol/answer.ts";
import type { Hit } from "../../protocol/passage.ts";
import type { FolderRef } from "../../protocol/place.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { sourceOf } from "./named-place.ts";

/** What `ask --json` prints besides the version; documented in `docs/cli.md`. */
export function askJson(trajectory: Trajectory): object {
  const { folders } = trajectory.index;
  return {
    question: trajectory.question,
    policy: trajectory.policy,
    profile: trajectory.profile,
    answer: trajectory.answer?.text ?? null,
    abstained: trajectory.answer?.abstained ?? false,
    sentences: trajectory.answer?.sentences ?? [],
    citations: (trajectory.answer?.citations ?? []).map((each) => citationJson(each, folders)),
    nearest: (trajectory.answer?.nearest ?? []).map((each) => citationJson(each, folders)),
    notice: trajectory.answer?.notice ?? null,
    notices: trajectory.notices,
    searches: trajectory.searches.map((search) => ({
      query: search.query,
      hits: search.hits.map((hit) => hitJson(hit, folders)),
      seconds: search.seconds,
      ...(search.error === undefined ? {} : { error: search.error }),
    })),
    segments: trajectory.segments.map(({ kind, origin, start, end, turn }) => ({ kind, origin, start, end, turn })),
    text: trajectory.text,
    stopReason: trajectory.stop?.reason ?? null,
    stopDetail: trajectory.stop?.detail ?? null,
    usage: trajectory.usage,
    trajectoryId: trajectory.id,
  };
}

function citationJson(citation: Citation, folders: readonly FolderRef[]): object {
  const source = sourceOf(citation.place, folders);
  return {
    number: citation.number,
    quote: citation.quote,
    path: citation.place?.path ?? null,
    ...(source === undefined ? {} : { source }),
    startLine: citation.place?.startLine ?? null,
    endLine: citation.place?.endLine ?? null,
    ...(citation.place?.cell === undefined ? {} : { cell: citation.place.cell }),
    ...(citation.place?.page === undefined ? {} : { page: citation.place.page }),
    status: citation.status,
    passage: citation.passage,
    title: citation.title,
  };
}

function hitJson(hit: Hit, folders: readonly FolderRef[]): object {
  const source = sourceOf(hit.passage.place, folders);
  return {
    passage: hit.passage.id,
    path: hit.passage.place?.path ?? null,
    ...(source === undefined ? {} : { source }),
    startLine: hit.passage.place?.startLine ?? null,
    endLine: hit.passage.place?.endLine ?? null,
    ...(hit.passage.place?.page === undefined ? {} : { page: hit.passage.place.page }),
    ...(hit.passage.place?.cell === undefined ? {} : { cell: hit.passage.place.cell }),
    title: hit.passage.title,
    score: hit.score,
    words: hit.words ?? null,
    vectors: hit.vectors ?? null,
    matched: hit.matched,
  };
}
