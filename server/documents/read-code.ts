import type { Node } from "web-tree-sitter";
import { type Definition, definitionIn, isAttached } from "./code/definitions.ts";
import { openParser } from "./code/grammars.ts";
import { type ReadResult, type Unit, trimmedEnd } from "./document.ts";
import { readText } from "./read-text.ts";
import { estimateTokens } from "./token-estimate.ts";

/** Code that a person wrote has neither lines this long nor lines of this length on average. */
const longestLine = 5_000;
const longestMeanLine = 250;
/** A class of more tokens is read by its members. */
const wholeClass = 180;
const deepest = 8;

/**
 * Source code as its definitions, each with the comments before it and under the names of what it is inside of. A language without
 * a grammar is read as paragraphs.
 */
export async function readCode(source: string, path: string, title: string): Promise<ReadResult> {
  if (isGenerated(source)) return { ok: false, reason: "minified or generated code" };
  const parser = await openParser(path);
  if (!parser) return { ok: true, document: readText(source, title) };
  try {
    const tree = parser.parse(source);
    if (!tree) return { ok: true, document: readText(source, title) };
    const units = unitsOf(tree.rootNode, source, [], 0);
    tree.delete();
    return { ok: true, document: { title, parts: [{ source, units }] } };
  } finally {
    parser.delete();
  }
}

function isGenerated(source: string): boolean {
  const lines = source.split("\n");
  const longest = lines.reduce((most, { length }) => Math.max(most, length), 0);
  return longest > longestLine || (source.length > 5_000 && source.length / lines.length > longestMeanLine);
}

/** Units of what stands in a file or a class, in its order. */
function unitsOf(container: Node, source: string, path: readonly string[], depth: number): Unit[] {
  const units: Unit[] = [];
  /** Statements that define nothing, until a definition or the end. */
  let loose: Node[] = [];
  const closeLoose = (): void => {
    const [first, last] = [loose[0], loose.at(-1)];
    if (first && last) units.push(...paragraphs(source, first.startIndex, last.endIndex, path));
    loose = [];
  };
  // PowerShell has a list between a file and its statements.
  const nodes = container.namedChildren.flatMap((node) =>
    node.type === "statement_list" ? node.namedChildren : [node],
  );
  for (const node of nodes) {
    const definition = definitionIn(node);
    if (!definition) {
      loose.push(node);
      continue;
    }
    const attached = takeAttached(loose, node, source);
    closeLoose();
    const start = attached?.startIndex ?? node.startIndex;
    // The semicolon after a class of C++ is no part of it.
    const end = source[node.endIndex] === ";" ? node.endIndex + 1 : node.endIndex;
    units.push(...unitsOfDefinition(definition, { start, end }, source, path, depth));
  }
  closeLoose();
  return units;
}

/** Takes the comments right before a node off the end of what came before it; answers the first of them. */
function takeAttached(loose: Node[], node: Node, source: string): Node | undefined {
  let first: Node | undefined;
  let next = node;
  for (let last = loose.at(-1); last && isAttached(last); last = loose.at(-1)) {
    if (/\n\s*\n/u.test(source.slice(last.endIndex, next.startIndex))) break;
    // A comment at the end of another statement's line is that statement's.
    const before = loose.at(-2);
    if (before && !isAttached(before) && before.endPosition.row === last.startPosition.row) break;
    first = next = last;
    loose.pop();
  }
  return first;
}

function unitsOfDefinition(
  { name, node, body }: Definition,
  { start, end }: { start: number; end: number },
  source: string,
  path: readonly string[],
  depth: number,
): Unit[] {
  const headings = name === undefined ? path : [...path, name];
  const headEnd = body ? headOf(node, body, source) : end;
  const head: Unit = { start, end: trimmedEnd(source, start, headEnd), headings, isHeading: true };
  if (!body) return [head];
  const members = depth < deepest && body.namedChildren.some((child) => definitionIn(child) !== undefined);
  if (members && /class|struct|interface|trait|impl|mod|namespace|record|enum|union/u.test(node.type)) {
    if (estimateTokens(source.slice(start, end)) > wholeClass)
      return [head, ...unitsOf(body, source, headings, depth + 1).filter((unit) => unit.start >= head.end)];
  }
  return [head, ...paragraphs(source, head.end, end, headings)];
}

/** Where the signature ends: behind the brace that opens the body, or behind the documentation that is the body's first statement. */
function headOf(node: Node, body: Node, source: string): number {
  const [first] = body.namedChildren;
  if (source[body.startIndex] === "{") return body.startIndex + 1;
  if (first?.type === "expression_statement" && first.namedChildren[0]?.type === "string") return first.endIndex;
  return body.startIndex > node.startIndex ? body.startIndex : node.endIndex;
}

/** What stands between two offsets, cut at empty lines. */
function paragraphs(source: string, from: number, to: number, headings: readonly string[]): Unit[] {
  return readText(source.slice(from, to), "").parts[0]!.units.map((unit) => ({
    ...unit,
    start: unit.start + from,
    end: unit.end + from,
    headings,
  }));
}
