import { styleText } from "node:util";
import type { Reward } from "../../protocol/reward.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { type TextLine, trajectoryText } from "../trajectory-text.ts";
import { print } from "./output.ts";

type Format = Parameters<typeof styleText>[0];

/**
 * Prints a trajectory: facts, segments with who wrote them, searches with their hits, answer with citations, reward with
 * the rule that cost each point. Masked spans are named in words and marked in the margin; styles only add to that.
 */
export function printTrajectory(trajectory: Trajectory, reward: Reward | undefined): void {
  const { lines } = trajectoryText(trajectory, reward);
  for (const line of lines) print(styled(line));
}

/** ANSI styles where standard output is a terminal that wants them; plain text where it is a pipe or NO_COLOR is set. */
function styled(line: TextLine): string {
  const format = formatOf(line);
  return format === undefined
    ? line.text
    : styleText(format, line.text, { stream: process.stdout, validateStream: true });
}

function formatOf({ role, segment }: TextLine): Format | undefined {
  if (role === "heading") return "bold";
  if (!segment) return undefined;
  if (segment.origin !== "policy") return "dim";
  if (segment.kind === "query") return "cyan";
  return segment.kind === "answer" ? "green" : undefined;
}
