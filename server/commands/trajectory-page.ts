import { createHash } from "node:crypto";
import type { Answer, Citation } from "../../protocol/answer.ts";
import type { Reward, Violation } from "../../protocol/reward.ts";
import type { Search, Segment, Trajectory } from "../../protocol/trajectory.ts";
import type { ToldFolder } from "../../protocol/told-folders.ts";
import {
  type Told,
  citationPlace,
  hitFacts,
  maskedWords,
  rounded,
  searchOutcome,
  segmentTitle,
  toldOf,
  trajectoryFacts,
  transcriptParts,
} from "../trajectory-sections.ts";
import { type Child, type Markup, element } from "./page-element.ts";
import { pageStyle } from "./page-style.ts";
import { oneLine, visible } from "./visible-text.ts";

const titleWidth = 200;

/**
 * What stands before the trajectories of a page and after them. The page runs nothing and loads nothing: its policy allows
 * the style it holds, named by its hash, and nothing else.
 */
export function pageFrame(heading: string): { head: string; foot: string } {
  const hash = createHash("sha256").update(pageStyle).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const head = [
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="referrer" content="no-referrer">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    element("title", {}, oneLine(heading, titleWidth)).html,
    `<style>${pageStyle}</style>\n</head>\n<body>\n<main>`,
    `${element("h1", {}, oneLine(heading, titleWidth)).html}\n`,
  ];
  return { head: head.join("\n"), foot: "</main>\n</body>\n</html>\n" };
}

/** One trajectory as part of a page: every text of it is text there, whatever it says. */
export function trajectoryArticle(trajectory: Trajectory, reward: Reward | undefined): string {
  const faults = reward?.components.flatMap(({ violations }) => violations) ?? [];
  const facts = trajectoryFacts(trajectory).flatMap(([label, value]) => [
    element("dt", {}, label),
    element("dd", {}, visible(value)),
  ]);
  const told = toldOf(trajectory);
  const parts = transcriptParts(trajectory).map((part) =>
    part.type === "segment"
      ? segmentElement(trajectory, part.segment, faults)
      : searchElement(part.search, part.number, told),
  );
  return element(
    "article",
    {},
    element("h2", {}, oneLine(trajectory.question || trajectory.id, titleWidth)),
    element("p", { class: "soft" }, `Trajectory ${visible(trajectory.id)}`),
    element("dl", {}, ...facts),
    ...(trajectory.answer ? [answerElement(trajectory.answer, told.told)] : []),
    ...(reward ? [rewardElement(reward)] : []),
    ...parts,
  ).html;
}

function segmentElement(trajectory: Trajectory, segment: Segment, faults: readonly Violation[]): Markup {
  // A parser drops a line break that a block begins with; the transcript's own comes after it.
  const text = element("pre", {}, "\n", ...markedText(trajectory.text, segment, faults));
  if (segment.origin === "prompt")
    return element("details", {}, element("summary", {}, element("h3", {}, segmentTitle(segment))), text);
  if (segment.origin === "policy")
    return element("section", { class: segment.kind }, element("h3", {}, segmentTitle(segment)), text);
  const label = element("span", { class: "label" }, maskedWords);
  const title = segmentTitle(segment).replace(`, ${maskedWords}`, " ");
  return element("section", { class: "masked" }, element("h3", {}, title, label), text);
}

/** The segment's text, the ranges that broke a rule marked. Ranges may overlap; what any of them covers is marked once. */
function markedText(text: string, segment: Segment, faults: readonly Violation[]): Child[] {
  const inside = (at: number): number => Math.min(Math.max(at, segment.start), segment.end);
  const ranges = faults
    .map(({ start, end }) => ({ start: inside(start), end: inside(end) }))
    .filter(({ start, end }) => end > start)
    .sort((a, b) => a.start - b.start);
  const children: Child[] = [];
  let at = segment.start;
  for (const range of ranges) {
    if (range.end <= at) continue;
    const from = Math.max(range.start, at);
    children.push(visible(text.slice(at, from)), element("mark", {}, visible(text.slice(from, range.end))));
    at = range.end;
  }
  return [...children, visible(text.slice(at, segment.end))];
}

function searchElement(search: Search, number: number, told: Told): Markup {
  const hits = search.hits.map((_, index) => {
    const { where, title, notes } = hitFacts(search, index, told);
    return element(
      "li",
      {},
      visible([where, title].filter(Boolean).join(" · ")),
      " ",
      element("span", { class: "soft" }, notes.join(", ")),
    );
  });
  return element(
    "section",
    {},
    element("h3", {}, `Search ${number}: ${visible(search.query)}`),
    element("p", { class: search.error === undefined ? "soft" : "fault" }, visible(searchOutcome(search))),
    ...(hits.length > 0 ? [element("ol", {}, ...hits)] : []),
  );
}

function answerElement(answer: Answer, told: ToldFolder): Markup {
  const sentences = answer.sentences.map(({ text, citations, supported }) => {
    const marks = citations.map((number) => ` [${number}]`).join("");
    const unsupported =
      supported || answer.abstained ? [] : [" ", element("strong", { class: "fault" }, "unsupported")];
    return element("p", {}, `${visible(text)}${marks}`, ...unsupported);
  });
  return element(
    "section",
    { class: "answer" },
    element("h3", {}, answer.abstained ? "Not in these documents" : "Answer"),
    ...(sentences.length > 0 ? sentences : [element("p", {}, visible(answer.text))]),
    ...citationList("Citations, re-read when the question was answered", answer.citations, told),
    ...citationList("Nearest places", answer.nearest, told),
    ...(answer.notice === undefined ? [] : [element("p", { class: "soft" }, visible(answer.notice))]),
  );
}

function citationList(heading: string, citations: readonly Citation[], told: ToldFolder): Markup[] {
  if (citations.length === 0) return [];
  const items = citations.map((citation) =>
    element(
      "li",
      {},
      `[${citation.number}] ${visible(citationPlace(citation, told))} `,
      element("strong", {}, citation.status),
      element("blockquote", {}, visible(citation.quote)),
    ),
  );
  return [element("p", { class: "soft" }, heading), element("ul", {}, ...items)];
}

function rewardElement({ profile, total, components }: Reward): Markup {
  const row = (...cells: Child[]): Markup => element("tr", {}, ...cells.map((cell) => element("td", {}, cell)));
  const rows = components.flatMap(({ name, value, weight, violations }) => [
    row(visible(name), rounded(value), rounded(weight), rounded(value * weight), ""),
    ...violations.map(({ rule, points, start, end, message }) =>
      row(
        "",
        points === 0 ? "also" : rounded(points),
        "",
        "",
        element(
          "span",
          {},
          element("strong", { class: "fault" }, visible(rule)),
          ` at ${start}-${end}: ${visible(message)}`,
        ),
      ),
    ),
  ]);
  const heads = ["Component", "Value or points", "Weight", "Counts", "Rule broken"];
  return element(
    "section",
    {},
    element("h3", {}, "Reward"),
    element(
      "table",
      {},
      element("caption", {}, `${rounded(total)} by ${visible(profile)}`),
      element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, ...rows),
    ),
  );
}
