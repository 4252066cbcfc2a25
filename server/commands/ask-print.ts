import { styleText } from "node:util";
import { formatPlace } from "../../protocol/place.ts";
import type { Citation } from "../../protocol/answer.ts";
import type { RolloutEvent } from "../../protocol/rollout-events.ts";
import type { Search, Trajectory } from "../../protocol/trajectory.ts";
import { note, print } from "./output.ts";
import { oneLine, visible } from "./visible-text.ts";

const shownHits = 3;
const statusMark = { verified: "✓ verified", moved: "→ moved", stale: "! stale", missing: "✗ missing" } as const;

/** Prints a question's hops as they happen and the answer at the end. */
export function askPrinter(): { event(event: RolloutEvent): void; finish(trajectory: Trajectory): void } {
  let hop = 0;
  return {
    event(event) {
      if (event.type === "snapshot") {
        hop = 0;
        print(`${style("bold", "Question")}  ${visible(event.trajectory.question)}`);
        print(
          style(
            "dim",
            `          ${oneLine(`${event.trajectory.policy.label}: ${event.trajectory.policy.chosen ?? ""}`, 400)}`,
          ),
        );
      }
      if (event.type === "search") printSearch(event.search, ++hop);
      if (event.type === "notice") note(event.message);
    },
    finish: printAnswer,
  };
}

function printSearch(search: Search, hop: number): void {
  print();
  const seconds = `${Math.round(search.seconds * 1000)} ms${search.cached ? ", cached" : ""}`;
  print(`${style("bold", `Search ${hop}`)}  ${style("cyan", oneLine(search.query, 100))}  ${style("dim", seconds)}`);
  if (search.error) print(`  ${style("red", visible(search.error))}`);
  if (!search.error && search.hits.length === 0) print("  nothing found");
  for (const hit of search.hits.slice(0, shownHits)) {
    const where = hit.passage.place ? formatPlace(hit.passage.place) : hit.passage.id;
    print(`  ${hit.rank}. ${oneLine(where, 60)}  ${style("dim", oneLine(hit.passage.title, 60))}`);
  }
  const more = search.hits.length - shownHits;
  if (more > 0) print(style("dim", `     and ${more} more`));
}

function printAnswer(trajectory: Trajectory): void {
  print();
  const answer = trajectory.answer;
  if (!answer) {
    print(`${style("bold", "No answer")}  ${visible(trajectory.stop?.detail ?? trajectory.stop?.reason ?? "")}`);
  } else {
    print(style("bold", answer.abstained ? "Not in these documents" : "Answer"));
    for (const sentence of answer.sentences) {
      const marks = sentence.citations.map((number) => `[${number}]`).join("");
      const support = sentence.supported || answer.abstained ? marks : style("yellow", "[unsupported]");
      print(`  ${visible(sentence.text)} ${support}`.trimEnd());
    }
    printCitations(
      answer.abstained ? "Nearest places" : "Citations, re-read on disk",
      answer.abstained ? answer.nearest : answer.citations,
    );
    if (answer.notice) print(`\n${style("dim", visible(answer.notice))}`);
  }
  for (const notice of trajectory.notices) note(notice);
  print(style("dim", `Trajectory ${trajectory.id}`));
}

function printCitations(heading: string, citations: readonly Citation[]): void {
  if (citations.length === 0) return;
  print(`\n${style("bold", heading)}`);
  for (const citation of citations) {
    const where = citation.place ? formatPlace(citation.place) : citation.title;
    print(
      `  [${citation.number}] ${visible(where)}  ${style(citation.status === "verified" ? "green" : "yellow", statusMark[citation.status])}`,
    );
    print(style("dim", `      “${oneLine(citation.quote, 160)}”`));
  }
}

/** ANSI styles where standard output is a terminal that wants them; plain text where it is a pipe or NO_COLOR is set. */
function style(format: Parameters<typeof styleText>[0], text: string): string {
  return styleText(format, text, { stream: process.stdout, validateStream: true });
}
