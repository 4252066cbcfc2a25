import { fileURLToPath } from "node:url";
import {
  type Connection,
  type Diagnostic,
  DiagnosticSeverity,
  type ServerCapabilities,
  type TextDocuments,
} from "vscode-languageserver";
import type { TextDocument } from "vscode-languageserver-textdocument";
import type { RecipeProblem } from "../../protocol/run-messages.ts";
import type { Recipe } from "../../protocol/recipe.ts";
import { misspeltFields } from "../runs/read-recipe.ts";
import { recipeCompletions } from "./recipe-completion.ts";
import { recipeLenses } from "./recipe-lenses.ts";
import { rangeOfField, readRecipeText, type RecipeText } from "./recipe-text.ts";

/** Typing pauses this long before a recipe is checked. */
const settleMilliseconds = 250;

export type CheckRecipe = (recipe: Recipe, recipeFile: string) => Promise<readonly RecipeProblem[]>;

/** A document that holds a recipe; others are not this room's. */
export function isRecipe(uri: string): boolean {
  return uri.endsWith(".recipe.jsonc");
}

/**
 * What the editor shows of recipes beyond their schema: what a schema cannot say is wrong, names and files that may stand in a
 * field, and lenses that start a run. Returns what the server is to declare.
 */
export function recipeDocuments(
  connection: Connection,
  documents: TextDocuments<TextDocument>,
  check: CheckRecipe,
  onFault: (where: string, error: unknown) => void,
): ServerCapabilities {
  const timers = new Map<string, NodeJS.Timeout>();

  async function diagnose(uri: string): Promise<void> {
    const document = documents.get(uri);
    if (!document) return;
    const { version } = document;
    const read = readRecipeText(document.getText());
    const file = pathOf(uri);
    // What has not the shape of a recipe is told of by the editor's own JSON support, from the same schema; it has no guess at a slip.
    const problems = read.recipe && file !== undefined ? await check(read.recipe, file) : [];
    const misspelt = read.recipe ? [] : misspeltFields(document.getText());
    if (documents.get(uri)?.version !== version) return;
    const diagnostics = [
      ...problems.map((problem) => diagnosticOf(document, read, problem)),
      ...misspelt.map((problem) => ({
        ...diagnosticOf(document, read, problem),
        severity: DiagnosticSeverity.Information,
      })),
    ];
    await connection.sendDiagnostics({ uri, version, diagnostics });
  }

  documents.onDidChangeContent(({ document: { uri } }) => {
    if (!isRecipe(uri)) return;
    clearTimeout(timers.get(uri));
    const timer = setTimeout(() => {
      timers.delete(uri);
      diagnose(uri).catch((error: unknown) => onFault("checking a recipe", error));
    }, settleMilliseconds);
    timers.set(uri, timer);
  });
  documents.onDidClose(({ document: { uri } }) => {
    if (!isRecipe(uri)) return;
    clearTimeout(timers.get(uri));
    timers.delete(uri);
    void connection.sendDiagnostics({ uri, diagnostics: [] });
  });

  connection.onCompletion(({ textDocument: { uri }, position }) => {
    const document = isRecipe(uri) ? documents.get(uri) : undefined;
    return document ? recipeCompletions(document, document.offsetAt(position), pathOf(uri)) : [];
  });
  connection.onCodeLens(({ textDocument: { uri } }) => {
    const document = isRecipe(uri) ? documents.get(uri) : undefined;
    return document ? recipeLenses(document, readRecipeText(document.getText())) : [];
  });

  return {
    completionProvider: { triggerCharacters: ['"', "/", ":"] },
    codeLensProvider: {},
  };
}

function diagnosticOf(
  document: TextDocument,
  read: RecipeText,
  { field, severity, message }: RecipeProblem,
): Diagnostic {
  const { start, end } = rangeOfField(read, field);
  return {
    range: { start: document.positionAt(start), end: document.positionAt(end) },
    severity: severity === "error" ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
    source: "Searchlight",
    message,
  };
}

/** The file behind an address; one that was not saved yet stands where it is to be saved. */
function pathOf(uri: string): string | undefined {
  try {
    return fileURLToPath(uri.replace(/^untitled:/, "file://"));
  } catch {
    return undefined;
  }
}
