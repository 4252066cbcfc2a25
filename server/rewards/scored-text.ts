import type { Segment, Trajectory } from "../../protocol/trajectory.ts";
import { strip } from "../rollout/python-text.ts";
import type { RewardProfile, RuleScope } from "./reward-profile.ts";

/** A UTF-16 range of the trajectory's text. */
export interface Span {
  start: number;
  end: number;
}

/** What rules read: the ranges of a text that they may look at, in order, none touching the next. */
export interface ScoredText {
  text: string;
  spans: readonly Span[];
  scope: RuleScope;
  /** Whether the text holds the prompt, which may name tags itself. */
  hasPrompt: boolean;
  segments: readonly Segment[];
  /** Places of every tag, found when a rule first asks for one. */
  tagPlaces?: ReadonlyMap<string, readonly Span[]>;
}

/** The answer as read from the tags; `text` is stripped, the span is that of the stripped text. */
export interface ReadAnswer extends Span {
  text: string;
}

/** The part of a trajectory that a profile's rules look at. */
export function scoredText(
  trajectory: Pick<Trajectory, "text" | "segments">,
  profile: Pick<RewardProfile, "scope" | "responseMarker">,
): ScoredText {
  const { text, segments } = trajectory;
  const afterPrompt = segments.findLast(({ origin }) => origin === "prompt")?.end ?? 0;
  const rest = { text, segments, scope: profile.scope, hasPrompt: afterPrompt > 0 };
  if (profile.scope !== "response") return { ...rest, spans: runs(segments, "policy") };
  const response = { ...rest, spans: [{ start: afterPrompt, end: text.length }] };
  const start = profile.responseMarker === undefined ? undefined : afterLast(response, profile.responseMarker);
  return start === undefined ? response : { ...rest, spans: [{ start, end: text.length }] };
}

/** Where the last marker of a response ends, by the tag that it closes with; undefined where there is none. */
function afterLast(response: ScoredText, marker: string): number | undefined {
  const inside = marker.lastIndexOf("<");
  const tags = occurrences(response, marker.slice(inside));
  return tags.findLast(({ start }) => start >= inside && response.text.startsWith(marker, start - inside))?.end;
}

/** Ranges of one origin, neighbours joined: a tag may lie across two segments of the same writer. */
export function runs(segments: readonly Segment[], origin: Segment["origin"]): Span[] {
  const joined: Span[] = [];
  for (const segment of segments) {
    if (segment.origin !== origin || segment.end === segment.start) continue;
    const last = joined.at(-1);
    if (last?.end === segment.start) last.end = segment.end;
    else joined.push({ start: segment.start, end: segment.end });
  }
  return joined;
}

type Searchable = Pick<ScoredText, "text" | "spans" | "tagPlaces">;

/** No tag that a rule looks for is longer. */
const longestTag = 32;

/** The tag that a wanted string begins with; rules want a dozen strings. */
const tagOf = new Map<string, string>();

/**
 * Where a tag stands, with what follows it in `wanted`: `<name>` or `<name>` and more. A dozen rules look for tags in one text, so all
 * places of all tags are found at once.
 */
export function occurrences(searched: Searchable, wanted: string): readonly Span[] {
  searched.tagPlaces ??= placesOf(searched);
  let tag = tagOf.get(wanted);
  if (tag === undefined) tagOf.set(wanted, (tag = wanted.slice(0, wanted.indexOf(">") + 1)));
  const found = searched.tagPlaces.get(tag) ?? [];
  if (tag.length === wanted.length) return found;
  const whole: Span[] = [];
  for (const { start } of found) {
    const end = start + wanted.length;
    if (
      searched.text.startsWith(wanted, start) &&
      searched.spans.some((span) => span.start <= start && end <= span.end)
    )
      whole.push({ start, end });
  }
  return whole;
}

function placesOf({ text, spans }: Searchable): ReadonlyMap<string, Span[]> {
  const places = new Map<string, Span[]>();
  for (const span of spans) {
    for (
      let start = text.indexOf("<", span.start);
      start >= 0 && start < span.end;
      start = text.indexOf("<", start + 1)
    ) {
      const end = tagEnd(text, start + 1, Math.min(span.end, start + longestTag));
      if (end < 0) continue;
      const tag = text.slice(start, end);
      const found = places.get(tag);
      if (found) found.push({ start, end });
      else places.set(tag, [{ start, end }]);
    }
  }
  return places;
}

/** Where the tag ends that is open at a place; -1 where another bracket or the limit comes first. */
function tagEnd(text: string, from: number, limit: number): number {
  for (let at = from; at < limit; at++) {
    const code = text.charCodeAt(at);
    if (code === 62) return at + 1;
    if (code === 60) return -1;
  }
  return -1;
}

/** Where a pattern (global, never empty) matches inside the spans: the first `most` places. */
export function matches({ text, spans }: Searchable, pattern: RegExp, most: number): Span[] {
  const found: Span[] = [];
  for (const span of spans) {
    const part = text.slice(span.start, span.end);
    pattern.lastIndex = 0;
    for (let match = pattern.exec(part); match && found.length < most; match = pattern.exec(part)) {
      const start = span.start + match.index;
      found.push({ start, end: start + match[0].length });
    }
  }
  return found;
}

/** The spans without what stands between an opening tag and the next closing one, tags included; an unclosed tag hides nothing. */
export function outside(searched: Searchable, open: string, close: string): Span[] {
  const opens = occurrences(searched, open);
  const closes = occurrences(searched, close);
  let next = 0;
  return searched.spans.flatMap((span) => {
    const rest: Span[] = [];
    let from = span.start;
    for (const opened of opens) {
      if (opened.start < from || opened.end > span.end) continue;
      while (next < closes.length && closes[next]!.start < opened.end) next++;
      const closed = closes[next];
      if (!closed || closed.end > span.end) break;
      rest.push({ start: from, end: opened.start });
      from = closed.end;
    }
    rest.push({ start: from, end: span.end });
    return rest;
  });
}

/** Where the scored text ends: the place of something that is missing. */
export function endOf({ spans, text }: ScoredText): Span {
  const end = spans.at(-1)?.end ?? text.length;
  return { start: end, end };
}

/**
 * The answer between the last opening tag and the closing tag after it; to the end where only earlier closing tags stand.
 * Undefined where either tag is missing altogether, as in R1-Searcher's reward servers.
 */
export function taggedAnswer(scored: ScoredText, open = "<answer>", close = "</answer>"): ReadAnswer | undefined {
  const opened = occurrences(scored, open).at(-1);
  const closes = occurrences(scored, close);
  if (!opened || closes.length === 0) return undefined;
  const closed = closes.find(({ start }) => start >= opened.end);
  return stripped(scored, opened.end, closed?.start ?? endOf(scored).end);
}

/** A range without the white space at its ends, and its text without what lies outside the spans. */
export function stripped({ text, spans }: Searchable, start: number, end: number): ReadAnswer {
  const pieces = spans
    .map((span) => ({ start: Math.max(span.start, start), end: Math.min(span.end, end) }))
    .filter((piece) => piece.end > piece.start)
    .map((piece) => text.slice(piece.start, piece.end));
  const range = text.slice(start, end);
  const core = strip(range);
  const from = core === "" ? start : start + range.indexOf(core);
  return { text: strip(pieces.join("")), start: from, end: from + core.length };
}
