import { originCounts } from "../../protocol/masks.ts";
import type { Search, Segment, Trajectory } from "../../protocol/trajectory.ts";

/** A segment with what is drawn beside it. Equal as long as nothing in it changed, so that a drawn block can be kept. */
export interface Block {
  /** Index of the segment; stable while the trajectory grows. */
  index: number;
  segment: Segment;
  /** The search that a query led to, or that inserted these documents. */
  search: Search | undefined;
}

/** One block for each segment. Blocks of `before` whose segment and search are the same are taken over as they are. */
export function blocksOf(
  trajectory: Pick<Trajectory, "segments" | "searches">,
  before: readonly Block[] = [],
): readonly Block[] {
  return trajectory.segments.map((segment, index) => {
    const search = searchOf(segment, trajectory.searches);
    const kept = before[index];
    return kept && kept.segment === segment && kept.search === search ? kept : { index, segment, search };
  });
}

function searchOf(segment: Segment, searches: readonly Search[]): Search | undefined {
  if (segment.kind === "documents") {
    const inside = searches.find(
      ({ insertedStart, insertedEnd }) => insertedStart < segment.end && insertedEnd > segment.start,
    );
    return inside ?? searches.find(({ turn }) => turn === segment.turn);
  }
  return segment.kind === "query" ? searches.find(({ turn }) => turn === segment.turn) : undefined;
}

/** How much of a trajectory each origin wrote. */
export interface Sizes {
  unit: "token" | "character";
  prompt: number;
  policy: number;
  environment: number;
  /** environment / (policy + environment); 0 for an empty response. */
  maskedShare: number;
}

/** In tokens where every segment has its range of them, else in characters. */
export function sizesOf(segments: readonly Segment[]): Sizes {
  const counted = segments.length > 0 && segments.every((segment) => tokensOf(segment) !== undefined);
  if (!counted) return { unit: "character", ...originCounts(segments) };
  const inTokens = segments.map((segment) => ({ ...segment, start: segment.tokenStart!, end: segment.tokenEnd! }));
  return { unit: "token", ...originCounts(inTokens) };
}

/** Lengths of the strip's bars, in characters. */
export function stripOf(segments: readonly Segment[]): readonly { segment: Segment; length: number }[] {
  return segments.flatMap((segment) => {
    const length = segment.end - segment.start;
    return length > 0 ? [{ segment, length }] : [];
  });
}

/** Tokens of a segment where its range is known and is one. */
export function tokensOf({ tokenStart, tokenEnd }: Segment): number | undefined {
  if (tokenStart === undefined || tokenEnd === undefined || tokenEnd < tokenStart) return undefined;
  return tokenEnd - tokenStart;
}

const controlTag = /<\|?\/?[a-z][a-z_]*\|?>/g;

/** Splits a policy's text at its control tags, so that these can be drawn faintly. Drawing only: masks never come from tags. */
export function splitAtTags(text: string): readonly { text: string; tag: boolean }[] {
  const pieces: { text: string; tag: boolean }[] = [];
  let at = 0;
  for (const match of text.matchAll(controlTag)) {
    if (match.index > at) pieces.push({ text: text.slice(at, match.index), tag: false });
    pieces.push({ text: match[0], tag: true });
    at = match.index + match[0].length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), tag: false });
  return pieces;
}
