import type { Citation } from "../../protocol/answer.ts";
import type { Hit } from "../../protocol/passage.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";

/** What `ask --json` prints besides the version; documented in `docs/cli.md`. */
export function askJson(trajectory: Trajectory): object {
  return {
    question: trajectory.question,
    policy: trajectory.policy,
    profile: trajectory.profile,
    answer: trajectory.answer?.text ?? null,
    abstained: trajectory.answer?.abstained ?? false,
    sentences: trajectory.answer?.sentences ?? [],
    citations: (trajectory.answer?.citations ?? []).map(citationJson),
    nearest: (trajectory.answer?.nearest ?? []).map(citationJson),
    notice: trajectory.answer?.notice ?? null,
    notices: trajectory.notices,
    searches: trajectory.searches.map((search) => ({
      query: search.query,
      hits: search.hits.map(hitJson),
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

function citationJson(citation: Citation): object {
  return {
    number: citation.number,
    quote: citation.quote,
    path: citation.place?.path ?? null,
    startLine: citation.place?.startLine ?? null,
    endLine: citation.place?.endLine ?? null,
    ...(citation.place?.cell === undefined ? {} : { cell: citation.place.cell }),
    ...(citation.place?.page === undefined ? {} : { page: citation.place.page }),
    status: citation.status,
    passage: citation.passage,
    title: citation.title,
  };
}

function hitJson(hit: Hit): object {
  return {
    passage: hit.passage.id,
    path: hit.passage.place?.path ?? null,
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
