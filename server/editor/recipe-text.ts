import { type Node, type ParseError, findNodeAtLocation, parseTree, getNodeValue } from "jsonc-parser";
import { Recipe } from "../../protocol/recipe.ts";

/** A recipe file as it stands in the editor: right, half written or wrong. */
export interface RecipeText {
  readonly tree: Node | undefined;
  /** What the text says, of whatever shape. */
  readonly value: unknown;
  /** The recipe, where the text is one. */
  readonly recipe: Recipe | undefined;
}

/** UTF-16 range in the text. */
export interface TextRange {
  start: number;
  end: number;
}

/** Longer than any recipe a person writes; what is longer is not read. */
const longest = 1_000_000;

/** Reads JSON with comments and trailing commas. */
export function readRecipeText(text: string): RecipeText {
  if (text.length > longest) return { tree: undefined, value: undefined, recipe: undefined };
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  const value: unknown = tree ? getNodeValue(tree) : undefined;
  const parsed = errors.length === 0 ? Recipe.safeParse(value) : undefined;
  return { tree, value, recipe: parsed?.success ? parsed.data : undefined };
}

/**
 * Where a field such as `stages.0.reward` stands: its value; where the text leaves it out, the name of the nearest field that holds
 * it; else the first character.
 */
export function rangeOfField({ tree }: RecipeText, field: string): TextRange {
  if (!tree) return { start: 0, end: 1 };
  const path = field === "" ? [] : field.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(tree, path.slice(0, length));
    if (!node) continue;
    const name = node.parent?.type === "property" ? node.parent.children?.[0] : undefined;
    // A whole object underlined says less than its name.
    const shown = length < path.length || node.type === "object" || node.type === "array" ? (name ?? node) : node;
    return nameRange(shown, shown === node && (node.type === "object" || node.type === "array"));
  }
  return { start: tree.offset, end: tree.offset + 1 };
}

function nameRange({ offset, length }: Node, firstOnly: boolean): TextRange {
  return { start: offset, end: offset + (firstOnly ? 1 : length) };
}
