import type { Answer, Citation } from "../protocol/answer.ts";
import { segmentText } from "../protocol/masks.ts";
import type { Reward } from "../protocol/reward.ts";
import type { Origin, Search, Segment, Trajectory } from "../protocol/trajectory.ts";
import { oneLine, visible } from "./commands/visible-text.ts";
import type { ToldFolder } from "../protocol/told-folders.ts";
import {
  type Told,
  citationPlace,
  hitFacts,
  rounded,
  searchOutcome,
  segmentTitle,
  toldOf,
  trajectoryFacts,
  transcriptParts,
} from "./trajectory-sections.ts";

/**
 * Stands before every line of the transcript, by who wrote it. Headings of ours begin at the margin and no line of the
 * transcript does, so no document or model can write a heading.
 */
export const gutters: Readonly<Record<Origin, string>> = { prompt: "┊ ", policy: "│ ", environment: "▒ " };
const margin = "  ";
const widest = 4_000;

export interface TextLine {
  text: string;
  role: "heading" | "fact" | "transcript";
  /** The segment that a transcript line is of. */
  segment?: Segment;
}

/** Consecutive lines under one heading. Lines are 0-based and inclusive; the first is the heading. */
export interface TextSection {
  type: "overview" | "segment" | "search" | "answer" | "reward";
  title: string;
  first: number;
  last: number;
  turn?: number;
  segment?: Segment;
  search?: Search;
}

/** A trajectory as lines of text. `lines` hold no line break and no character that a terminal or an editor obeys. */
export interface TrajectoryText {
  lines: readonly TextLine[];
  sections: readonly TextSection[];
}

/** Renders a trajectory, and its reward where there is one. Pure: the same record gives the same text. */
export function trajectoryText(trajectory: Trajectory, reward?: Reward): TrajectoryText {
  const lines: TextLine[] = [];
  const sections: TextSection[] = [];
  const section = (
    type: TextSection["type"],
    title: string,
    body: TextLine[],
    rest: Partial<TextSection> = {},
  ): void => {
    if (lines.length > 0) lines.push({ text: "", role: "fact" });
    const first = lines.length;
    const heading = oneLine(title, widest);
    lines.push({ text: heading, role: "heading" });
    // One by one: a transcript can have more lines than a call takes arguments.
    for (const line of body) lines.push(line);
    sections.push({ type, title: heading, first, last: lines.length - 1, ...rest });
  };
  section(
    "overview",
    `Trajectory ${trajectory.id}`,
    trajectoryFacts(trajectory).flatMap(([label, value]) => facts(`${label}: ${value}`)),
  );
  const told = toldOf(trajectory);
  for (const part of transcriptParts(trajectory)) {
    const { turn } = part;
    if (part.type === "segment") {
      const { segment } = part;
      const body = segmentLines(trajectory, segment).map((text): TextLine => ({
        text: gutters[segment.origin] + text,
        role: "transcript",
        segment,
      }));
      section("segment", `[${segmentTitle(segment)}]`, body, { turn, segment });
    } else {
      const { search, number } = part;
      section("search", `Search ${number}: ${search.query}`, searchLines(search, told), { turn, search });
    }
  }
  const { answer } = trajectory;
  if (answer) section("answer", answer.abstained ? "Not in these documents" : "Answer", answerLines(answer, told.told));
  if (reward)
    section(
      "reward",
      `Reward ${rounded(reward.total)} by ${reward.profile}`,
      rewardLines(reward, trajectory.text.length),
    );
  return { lines, sections };
}

/** Line and character (UTF-16, 0-based) of a position in the trajectory's text; `end` asks for the end of a range. */
export function positionIn(
  rendered: TrajectoryText,
  trajectory: Pick<Trajectory, "text">,
  offset: number,
  end = false,
): { line: number; character: number } {
  const at = end ? offset - 1 : offset;
  const transcript = rendered.sections.filter(({ segment }) => segment && segment.end > segment.start);
  const section =
    transcript.find(({ segment }) => segment!.start <= at && at < segment!.end) ??
    (at < 0 ? transcript[0] : transcript.at(-1));
  const segment = section?.segment;
  if (!section || !segment) return { line: 0, character: 0 };
  const until = Math.min(Math.max(offset, segment.start), segment.end);
  const before = visible(trajectory.text.slice(segment.start, until)).split("\n");
  const line = Math.min(section.first + before.length, section.last);
  const past = section.first + before.length > section.last;
  const length = rendered.lines[line]!.text.length;
  const character = past ? length : Math.min(gutters[segment.origin].length + before.at(-1)!.length, length);
  return { line, character };
}

/** A line break at the end of a segment ends its last line; it does not begin another. */
function segmentLines(trajectory: Trajectory, segment: Segment): string[] {
  const lines = visible(segmentText(trajectory, segment)).split("\n");
  if (lines.length > 1 && lines.at(-1) === "") lines.pop();
  return lines;
}

function facts(text: string): TextLine[] {
  return visible(text)
    .split("\n")
    .map((line, index) => ({ text: `${margin}${index === 0 ? "" : margin}${line}`, role: "fact" }));
}

function searchLines(search: Search, told: Told): TextLine[] {
  const raw = search.rawQuery.trim() === search.query.trim() ? [] : facts(`as the policy wrote it: ${search.rawQuery}`);
  const hits = search.hits.flatMap((hit, index) => {
    const { where, title, notes } = hitFacts(search, index, told);
    return facts(
      [`${hit.rank}.`, oneLine(where, widest), oneLine(title, widest), notes.join(", ")].filter(Boolean).join("  "),
    );
  });
  return [...facts(searchOutcome(search)), ...raw, ...hits];
}

function answerLines(answer: Answer, told: ToldFolder): TextLine[] {
  const sentences = answer.sentences.flatMap(({ text, citations, supported }) => {
    const marks = citations.map((number) => ` [${number}]`).join("");
    return facts(`${text}${marks}${supported || answer.abstained ? "" : " [unsupported]"}`);
  });
  return [
    ...(sentences.length > 0 ? sentences : facts(answer.text)),
    ...citationLines("Citations, re-read when the question was answered:", answer.citations, told),
    ...citationLines("Nearest places:", answer.nearest, told),
    ...(answer.notice === undefined ? [] : facts(answer.notice)),
  ];
}

function citationLines(heading: string, citations: readonly Citation[], told: ToldFolder): TextLine[] {
  if (citations.length === 0) return [];
  const rows = citations.flatMap((citation) =>
    facts(
      `[${citation.number}] ${citation.status}  ${oneLine(citationPlace(citation, told), widest)}  “${oneLine(citation.quote, widest)}”`,
    ),
  );
  return [...facts(heading), ...rows];
}

function rewardLines(reward: Reward, length: number): TextLine[] {
  return reward.components.flatMap(({ name, value, weight, violations }) => [
    ...facts(`${name}: ${rounded(value)} × ${rounded(weight)}`),
    ...violations.flatMap(({ rule, points, start, end, message }) => {
      const where = start >= length ? "at the end" : `at ${start}-${end}`;
      return facts(`${margin}${points === 0 ? "also" : rounded(points)} ${rule} ${where}: ${oneLine(message, widest)}`);
    }),
  ]);
}
