import {
  type DocumentSymbol,
  type FoldingRange,
  FoldingRangeKind,
  type Range,
  SymbolKind,
} from "vscode-languageserver";
import type { TextSection } from "../trajectory-text.ts";
import type { OpenTrajectory } from "./open-trajectory.ts";

/** Every section folds to its heading. Prompt and masked text are regions, so that "Fold All Regions" leaves what the policy wrote. */
export function foldingRanges({ rendered }: OpenTrajectory): FoldingRange[] {
  return rendered.sections
    .filter(({ first, last }) => last > first)
    .map(({ first, last, segment }) => ({
      startLine: first,
      endLine: last,
      ...(segment && segment.origin !== "policy" ? { kind: FoldingRangeKind.Region } : {}),
    }));
}

/** Overview, prompt, turns with their segments and searches, answer, reward. */
export function documentSymbols({ rendered }: OpenTrajectory): DocumentSymbol[] {
  const symbols: DocumentSymbol[] = [];
  let turn: { number: number; symbol: DocumentSymbol } | undefined;
  for (const section of rendered.sections) {
    const own = symbolOf(section, rendered.lines);
    const loose = section.turn === undefined || section.segment?.origin === "prompt";
    if (loose) {
      turn = undefined;
      symbols.push(own);
    } else if (turn && turn.number === section.turn) {
      turn.symbol.children!.push(own);
      turn.symbol.range = { ...turn.symbol.range, end: own.range.end };
    } else {
      const name = `Turn ${section.turn! + 1}`;
      turn = { number: section.turn!, symbol: { ...own, name, kind: SymbolKind.Namespace, children: [own] } };
      symbols.push(turn.symbol);
    }
  }
  return symbols;
}

function symbolOf(section: TextSection, lines: OpenTrajectory["rendered"]["lines"]): DocumentSymbol {
  return {
    name: section.segment ? section.title.slice(1, -1) : section.title,
    kind: kindOf(section),
    range: sectionRange(section, lines),
    selectionRange: sectionRange({ first: section.first, last: section.first }, lines),
  };
}

/** From the heading's first character to the last one of the section. */
export function sectionRange(
  { first, last }: Pick<TextSection, "first" | "last">,
  lines: OpenTrajectory["rendered"]["lines"],
): Range {
  return { start: { line: first, character: 0 }, end: { line: last, character: lines[last]!.text.length } };
}

/** The outline has an icon for each kind; these are told apart well. */
function kindOf({ type, segment }: TextSection): SymbolKind {
  if (type === "search") return SymbolKind.Event;
  if (type === "answer" || segment?.kind === "answer") return SymbolKind.Constant;
  if (type === "reward") return SymbolKind.Number;
  if (type === "overview") return SymbolKind.File;
  if (segment?.origin === "environment") return SymbolKind.Array;
  return segment?.kind === "query" ? SymbolKind.Function : SymbolKind.String;
}
