import type { Segment, Trajectory } from "./trajectory.ts";

/** The segment's own text. */
export function segmentText(trajectory: Pick<Trajectory, "text">, segment: Pick<Segment, "start" | "end">): string {
  return trajectory.text.slice(segment.start, segment.end);
}

/** Characters (UTF-16) by origin. `maskedShare` is environment / (policy + environment); 0 for an empty response. */
export function originCounts(segments: readonly Segment[]): {
  prompt: number;
  policy: number;
  environment: number;
  maskedShare: number;
} {
  const counts = { prompt: 0, policy: 0, environment: 0 };
  for (const segment of segments) counts[segment.origin] += segment.end - segment.start;
  const response = counts.policy + counts.environment;
  return { ...counts, maskedShare: response === 0 ? 0 : counts.environment / response };
}

/** The first way in which segments fail to partition a text of this length, or undefined when they do. */
export function partitionFault(segments: readonly Segment[], length: number): string | undefined {
  let at = 0;
  for (const [index, segment] of segments.entries()) {
    if (segment.start !== at) return `segment ${index} starts at ${segment.start}, expected ${at}`;
    if (segment.end < segment.start) return `segment ${index} ends before it starts`;
    at = segment.end;
  }
  return at === length ? undefined : `segments end at ${at}, the text at ${length}`;
}
