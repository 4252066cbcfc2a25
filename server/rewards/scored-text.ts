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
  const start =
    profile.responseMarker === undefined ? afterPrompt : afterLast(text, profile.responseMarker, afterPrompt);
  return { ...rest, spans: [{ start, end: text.length }] };
}

/** Where the last marker ends, not before `from`. Searched forwards, which an engine does many times faster than backwards. */
function afterLast(text: string, marker: string, from: number): number {
  let end = from;
  for (;;) {
    const at = text.indexOf(marker, Math.max(0, end - marker.length + 1));
    if (at < 0) return end;
    end = at + marker.length;
  }
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

type Searchable = Pick<ScoredText, "text" | "spans">;

/** Where a string stands, without overlaps, as Python's `count` counts it. */
export function occurrences(searched: Searchable, wanted: string): Span[] {
  if (wanted.length > 1 && wanted.lastIndexOf("<") === 0) return tagOccurrences(searched, wanted);
  const { text, spans } = searched;
  const found: Span[] = [];
  for (const span of spans) {
    const part = text.slice(span.start, span.end);
    for (let at = part.indexOf(wanted); at >= 0; at = part.indexOf(wanted, at + wanted.length)) {
      found.push({ start: span.start + at, end: span.start + at + wanted.length });
    }
  }
  return found;
}

/** An angle bracket, the end of its span, and the character after it. */
interface Angle {
  at: number;
  end: number;
  next: number;
}

const angles = new WeakMap<Searchable, Angle[]>();

/** A dozen rules count tags in one text: its angle brackets are looked up once, and each tag is compared only there. */
function anglesOf(searched: Searchable): Angle[] {
  const known = angles.get(searched);
  if (known) return known;
  const { text, spans } = searched;
  const found: Angle[] = [];
  for (const { start, end } of spans) {
    for (let at = text.indexOf("<", start); at >= 0 && at < end; at = text.indexOf("<", at + 1)) {
      found.push({ at, end, next: text.charCodeAt(at + 1) });
    }
  }
  angles.set(searched, found);
  return found;
}

function tagOccurrences(searched: Searchable, tag: string): Span[] {
  const found: Span[] = [];
  const second = tag.charCodeAt(1);
  for (const { at, end, next } of anglesOf(searched)) {
    if (next === second && at + tag.length <= end && searched.text.startsWith(tag, at))
      found.push({ start: at, end: at + tag.length });
  }
  return found;
}

/** Where a pattern (global) matches inside the spans: the first `most` places. */
export function matches({ text, spans }: Searchable, pattern: RegExp, most: number): Span[] {
  const found: Span[] = [];
  for (const span of spans) {
    for (const match of text.slice(span.start, span.end).matchAll(pattern)) {
      if (found.length === most) return found;
      const start = span.start + match.index;
      found.push({ start, end: start + match[0].length });
    }
  }
  return found;
}

/** The spans without what stands between an opening tag and the next closing one, tags included; an unclosed tag hides nothing. */
export function outside({ text, spans }: Searchable, open: string, close: string): Span[] {
  return spans.flatMap((span) => {
    const part = text.slice(span.start, span.end);
    const rest: Span[] = [];
    let from = 0;
    for (;;) {
      const opened = part.indexOf(open, from);
      const closed = opened < 0 ? -1 : part.indexOf(close, opened + open.length);
      if (closed < 0) break;
      rest.push({ start: span.start + from, end: span.start + opened });
      from = closed + close.length;
    }
    rest.push({ start: span.start + from, end: span.end });
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
