import { z } from "zod";
import { Recipe } from "../../protocol/recipe.ts";

interface Node {
  properties?: Record<string, Node>;
  items?: Node;
  anyOf?: Node[];
  oneOf?: Node[];
  const?: unknown;
  propertyNames?: { enum?: string[] };
  additionalProperties?: Node | boolean;
}

let root: Node | undefined;

/**
 * Names of the fields that a recipe may have at a place, such as those of `stages.0`; none where the place holds no fields. Where it has
 * kinds, as an engine has, only those of the kind that the recipe names.
 */
export function recipeFieldsAt(path: readonly PropertyKey[], recipe: unknown): string[] {
  root ??= z.toJSONSchema(Recipe, { io: "input" }) as Node;
  let value = recipe;
  let nodes = kindsOf(root, value);
  for (const part of path) {
    value = typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined;
    const inside = value;
    nodes = nodes.flatMap((node) => {
      const next =
        typeof part === "number" ? node.items : (node.properties?.[String(part)] ?? node.additionalProperties);
      return typeof next === "object" ? kindsOf(next, inside) : [];
    });
  }
  return nodes.flatMap(({ properties = {}, propertyNames }) => [
    ...Object.keys(properties),
    ...(propertyNames?.enum ?? []),
  ]);
}

/** The kinds of a node that do not contradict the value. */
function kindsOf(node: Node, value: unknown): Node[] {
  const kinds = node.anyOf ?? node.oneOf;
  if (!kinds) return [node];
  const fields = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  return kinds.filter(({ properties = {} }) =>
    Object.entries(properties).every(([name, { const: only }]) => only === undefined || fields[name] === only),
  );
}
