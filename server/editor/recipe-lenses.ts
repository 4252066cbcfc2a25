import type { CodeLens } from "vscode-languageserver";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { findNodeAtLocation } from "jsonc-parser";
import type { RecipeText } from "./recipe-text.ts";

/** What the editor runs for a lens; each takes the recipe's address. */
const lenses = [
  ["Dry Run", "searchlight.dryRunRecipe"],
  ["Estimate", "searchlight.estimateRecipe"],
  ["Launch", "searchlight.launchRecipe"],
] as const;

/** The lenses above a recipe, and over each stage what it consists of. */
export function recipeLenses(document: TextDocument, read: RecipeText): CodeLens[] {
  if (read.tree?.type !== "object") return [];
  const top = document.positionAt(read.tree.offset);
  return [
    ...lenses.map(([title, command]) => ({
      range: { start: top, end: top },
      command: { title, command, arguments: [document.uri] },
    })),
    ...stageLenses(document, read),
  ];
}

function stageLenses(document: TextDocument, read: RecipeText): CodeLens[] {
  return (read.recipe?.stages ?? []).flatMap((stage, index) => {
    const node = read.tree && findNodeAtLocation(read.tree, ["stages", index]);
    if (!node) return [];
    const at = document.positionAt(node.offset);
    const rollouts = stage.prompts * stage.rollouts;
    const steps = Math.ceil(rollouts / stage.minibatch) * stage.passes;
    const title = [
      `${number(stage.iterations)} iterations of ${number(rollouts)} rollouts and ${number(steps)} optimiser ${steps === 1 ? "step" : "steps"}`,
      `${number(stage.iterations * rollouts)} rollouts in all`,
    ].join(" · ");
    return [
      {
        range: { start: at, end: at },
        command: { title, command: "searchlight.estimateRecipe", arguments: [document.uri] },
      },
    ];
  });
}

const number = (value: number): string => new Intl.NumberFormat("en").format(value);
