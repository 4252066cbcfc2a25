import type { Trajectory } from "../../../protocol/trajectory.ts";

/** The text of the prompt, and all that follows it: the policy's text and the environment's. */
export function promptAndResponse({ text, segments }: Trajectory): { prompt: string; response: string } {
  const first = segments.findIndex(({ origin }) => origin !== "prompt");
  const end = first < 0 ? (segments.at(-1)?.end ?? 0) : segments[first]!.start;
  return { prompt: text.slice(0, end), response: text.slice(end) };
}

/** Components of the reward other than the total that a record named as such, each by name; the first of a name counts. */
export function namedComponents(trajectory: Trajectory): [string, number][] {
  const seen = new Set<string>();
  return (trajectory.reward?.components ?? []).flatMap(({ name, value }): [string, number][] => {
    if (seen.has(name) || name === "__proto__" || (name === "score" && value === trajectory.reward!.total)) return [];
    seen.add(name);
    return [[name, value]];
  });
}
