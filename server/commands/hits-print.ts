import { styleText } from "node:util";
import type { Hit, LegScore, Passage } from "../../protocol/passage.ts";
import type { FolderRef, Place } from "../../protocol/place.ts";
import { namedPlace, sourceOf } from "./named-place.ts";
import { note, print } from "./output.ts";
import { oneLine } from "./visible-text.ts";

/** A hit as `--json` prints it; `folders` are those that were searched. */
export function hitJson(hit: Hit, folders: readonly FolderRef[]): object {
  const { passage } = hit;
  const source = sourceOf(passage.place, folders);
  return {
    passage: passage.id,
    path: passage.place?.path ?? null,
    ...(source === undefined ? {} : { source }),
    startLine: passage.place?.startLine ?? null,
    endLine: passage.place?.endLine ?? null,
    ...(passage.place?.page === undefined ? {} : { page: passage.place.page }),
    ...(passage.place?.cell === undefined ? {} : { cell: passage.place.cell }),
    title: passage.title,
    text: passage.text,
    score: hit.score,
    words: hit.words ?? null,
    vectors: hit.vectors ?? null,
    matched: hit.matched,
    ...(hit.repetition === undefined ? {} : { repetition: hit.repetition }),
    ...(hit.reranked === undefined ? {} : { reranked: hit.reranked }),
    ...(hit.copies === undefined ? {} : { copies: hit.copies.map((place) => copyJson(place, folders)) }),
    ...(hit.neighbours === undefined
      ? {}
      : { neighbours: { before: hit.neighbours.before.map(around), after: hit.neighbours.after.map(around) } }),
  };
}

function copyJson(place: Place, folders: readonly FolderRef[]): object {
  const source = sourceOf(place, folders);
  const { path, startLine, endLine } = place;
  return { path, ...(source === undefined ? {} : { source }), startLine, endLine };
}

function around({ id, place, text }: Passage): object {
  return {
    passage: id,
    startLine: place?.startLine ?? null,
    endLine: place?.endLine ?? null,
    ...(place?.page === undefined ? {} : { page: place.page }),
    ...(place?.cell === undefined ? {} : { cell: place.cell }),
    text,
  };
}

/** Hits for a person: place, the legs that found it, title, beginning of the text. */
export function printHits(hits: readonly Hit[], folders: readonly FolderRef[], coverage: string | undefined): void {
  if (hits.length === 0) print("Nothing found.");
  for (const hit of hits) {
    const legs = [
      leg("words", hit.words),
      leg("vectors", hit.vectors),
      hit.repetition === undefined ? "" : `× ${hit.repetition.toFixed(2)} for repetition`,
      hit.reranked ? `before reranking #${hit.reranked.from}` : "",
    ]
      .filter(Boolean)
      .join(", ");
    const where = hit.passage.place ? namedPlace(hit.passage.place, folders) : hit.passage.id;
    print(
      `${hit.rank}. ${oneLine(where, 70)}  ${dim(legs)}${hit.matched.length > 0 ? dim(`  matched: ${oneLine(hit.matched.join(", "), 200)}`) : ""}`,
    );
    if (hit.passage.title) print(`   ${oneLine(hit.passage.title, 100)}`);
    for (const { text } of hit.neighbours?.before ?? []) print(dim(`   ↑ ${oneLine(text, 150)}`));
    print(dim(`   ${oneLine(hit.passage.text, 200)}`));
    for (const { text } of hit.neighbours?.after ?? []) print(dim(`   ↓ ${oneLine(text, 150)}`));
    if (hit.copies)
      print(dim(`   also in ${oneLine(hit.copies.map((place) => namedPlace(place, folders)).join(", "), 150)}`));
  }
  if (coverage) note(`Not all is searched: ${coverage}.`);
}

/** `words #3 +0.21`: the leg's rank, and what it adds to the score where that is known. */
function leg(name: string, said: LegScore | undefined): string {
  if (!said) return "";
  return `${name} #${said.rank}${said.part === undefined ? "" : ` +${said.part.toFixed(2)}`}`;
}

function dim(text: string): string {
  return styleText("dim", text, { stream: process.stdout, validateStream: true });
}
