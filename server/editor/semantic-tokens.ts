import { type SemanticTokens, SemanticTokensBuilder, type SemanticTokensLegend } from "vscode-languageserver";
import { type TextLine, gutters } from "../trajectory-text.ts";
import type { OpenTrajectory } from "./open-trajectory.ts";

const types = [
  "searchlightHeading",
  "searchlightPrompt",
  "searchlightThink",
  "searchlightQuery",
  "searchlightDocuments",
  "searchlightAnswer",
] as const;
const masked = 1;

/** The token types and the modifier that the extension's manifest declares, in the order of their numbers. */
export const semanticTokensLegend: SemanticTokensLegend = { tokenTypes: [...types], tokenModifiers: ["masked"] };

/** One token a line, as editors want it: behind the gutter mark for policy text, the mark included where text is masked. */
export function semanticTokens({ rendered }: OpenTrajectory): SemanticTokens {
  const builder = new SemanticTokensBuilder();
  for (const [index, line] of rendered.lines.entries()) {
    const type = typeOf(line);
    if (!type) continue;
    const environment = line.segment?.origin === "environment";
    const from = !line.segment || environment ? 0 : gutters[line.segment.origin].length;
    if (line.text.length > from)
      builder.push(index, from, line.text.length - from, types.indexOf(type), environment ? masked : 0);
  }
  return builder.build();
}

/** Everything that the environment wrote is coloured as documents, whatever its kind: the mask is what matters. */
function typeOf({ role, segment }: TextLine): (typeof types)[number] | undefined {
  if (role === "heading") return "searchlightHeading";
  if (!segment) return undefined;
  if (segment.origin === "environment") return "searchlightDocuments";
  if (segment.origin === "prompt") return "searchlightPrompt";
  if (segment.kind === "query") return "searchlightQuery";
  return segment.kind === "answer" ? "searchlightAnswer" : "searchlightThink";
}
