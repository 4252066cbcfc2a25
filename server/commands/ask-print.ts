import { styleText } from "node:util";
import { type Citation, notInDocuments } from "../../protocol/answer.ts";
import type { FolderRef } from "../../protocol/place.ts";
import type { RolloutEvent } from "../../protocol/rollout-events.ts";
import type { Search, Trajectory } from "../../protocol/trajectory.ts";
import { namedPlace } from "./named-place.ts";
import { note, print } from "./output.ts";
import { oneLine, visible } from "./visible-text.ts";

const shownHits = 3;
const statusMark = { verified: "✓ verified", moved: "→ moved", stale: "! stale", missing: "✗ missing" } as const;

/** Prints a question's hops as they happen and the answer at the end. */
export function askPrinter(): { event(event: RolloutEvent): void; finish(trajectory: Trajectory): void } {
  let hop = 0;
  let folders: readonly FolderRef[] = [];
  const told = new Set<string>();
  /** Once, also where every search gives the same notice. */
  const tell = (notice: string): void => {
    if (!told.has(notice)) note(notice);
    told.add(notice);
  };
  return {
    event(event) {
      if (event.type === "snapshot") {
        hop = 0;
        folders = event.trajectory.index.folders;
        print(`${style("bold", "Question")}  ${visible(event.trajectory.question)}`);
        print(
          style(
            "dim",
            `          ${oneLine(`${event.trajectory.policy.label}: ${event.trajectory.policy.chosen ?? ""}`, 400)}`,
          ),
        );
      }
      if (event.type === "search") printSearch(event.search, ++hop, folders);
      if (event.type === "notice") tell(event.message);
    },
    finish(trajectory) {
      printAnswer(trajectory);
      for (const notice of trajectory.notices) tell(notice);
      print(style("dim", `Trajectory ${trajectory.id}`));
    },
  };
}

function printSearch(search: Search, hop: number, folders: readonly FolderRef[]): void {
  print();
  const seconds = `${Math.round(search.seconds * 1000)} ms${search.cached ? ", cached" : ""}`;
  print(`${style("bold", `Search ${hop}`)}  ${style("cyan", oneLine(search.query, 100))}  ${style("dim", seconds)}`);
  if (search.error) print(`  ${style("red", visible(search.error))}`);
  if (!search.error && search.hits.length === 0) print("  nothing found");
  for (const hit of search.hits.slice(0, shownHits)) {
    const where = hit.passage.place ? namedPlace(hit.passage.place, folders) : hit.passage.id;
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
      // The heading says it.
      if (answer.abstained && sentence.text === notInDocuments) continue;
      const marks = sentence.citations.map((number) => `[${number}]`).join("");
      const support = sentence.supported || answer.abstained ? marks : style("yellow", "[unsupported]");
      print(`  ${visible(sentence.text)} ${support}`.trimEnd());
    }
    printCitations(
      answer.abstained ? "Nearest places" : "Citations, re-read on disk",
      answer.abstained ? answer.nearest : answer.citations,
      trajectory.index.folders,
    );
    if (answer.notice) print(`\n${style("dim", visible(answer.notice))}`);
  }
}

function printCitations(heading: string, citations: readonly Citation[], folders: readonly FolderRef[]): void {
  if (citations.length === 0) return;
  print(`\n${style("bold", heading)}`);
  for (const citation of citations) {
    const where = citation.place ? namedPlace(citation.place, folders) : citation.title;
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
