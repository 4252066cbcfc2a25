import { type Hover, MarkupKind, type Position } from "vscode-languageserver";
import { oneLine } from "../commands/visible-text.ts";
import { hitFacts, maskedWords, searchesOf, toldOf } from "../trajectory-sections.ts";
import type { OpenTrajectory } from "./open-trajectory.ts";
import { sectionRange } from "./outline.ts";

const width = 200;

/**
 * What a masked span is: that it is not trained on, which search brought it, and where its documents stand with their
 * ranks. Undefined elsewhere. Plain text, since titles and queries are the documents' and the model's.
 */
export function hoverAt({ trajectory, rendered }: OpenTrajectory, { line }: Position): Hover | undefined {
  const section = rendered.sections.find(({ first, last }) => first <= line && line <= last);
  if (section?.segment?.origin !== "environment") return undefined;
  const told = toldOf(trajectory);
  const sources = searchesOf(section.segment, trajectory.searches).flatMap((search) => [
    `Search ${trajectory.searches.indexOf(search) + 1}: ${oneLine(search.query, width)}`,
    ...search.hits.slice(0, search.insertedHits).map((hit, index) => {
      const { where, title, notes } = hitFacts(search, index, told);
      const legs = notes.filter((note) => note !== "inserted").join(", ");
      return [`${hit.rank}.`, oneLine(where, width), oneLine(title, width), legs].filter(Boolean).join("  ");
    }),
  ]);
  const value = [`${maskedWords.charAt(0).toUpperCase()}${maskedWords.slice(1)}.`, ...sources].join("\n");
  return { contents: { kind: MarkupKind.PlainText, value }, range: sectionRange(section, rendered.lines) };
}
