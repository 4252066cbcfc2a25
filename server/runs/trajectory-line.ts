import type { Tokens, Trajectory } from "../../protocol/trajectory.ts";
import type { Line } from "../durable-lines.ts";

/**
 * A trajectory as a line of JSON, in pieces: its token rows are most of it and all ASCII, while its text may hold any character. Joined, the
 * pieces are what `JSON.stringify` makes of the trajectory with its tokens last.
 */
export function trajectoryLine({ tokens, ...rest }: Trajectory): Line {
  const record = JSON.stringify(rest);
  if (!tokens) return record;
  return [record.slice(0, -1), ',"tokens":', ...tokenPieces(tokens), "}"];
}

function tokenPieces(tokens: Tokens): string[] {
  const pieces = Object.entries(tokens)
    .filter(([, value]) => value !== undefined)
    .flatMap(([name, value]) => [`,${JSON.stringify(name)}:`, JSON.stringify(value)]);
  // The first name follows no comma.
  return ["{", pieces[0]!.slice(1), ...pieces.slice(1), "}"];
}
