import { getLocation } from "jsonc-parser";
import { type CompletionItem, CompletionItemKind } from "vscode-languageserver";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { recipeChoices } from "./recipe-choices.ts";

const kinds = {
  name: CompletionItemKind.Value,
  file: CompletionItemKind.File,
  folder: CompletionItemKind.Folder,
} as const;

/** What may stand at a place of a recipe that holds a value, beside what the schema offers there. */
export async function recipeCompletions(
  document: TextDocument,
  offset: number,
  recipeFile: string | undefined,
): Promise<CompletionItem[]> {
  const { path, previousNode, isAtPropertyKey } = getLocation(document.getText(), offset);
  if (isAtPropertyKey || path.length === 0) return [];
  const within = previousNode?.type === "string" && offset <= previousNode.offset + previousNode.length;
  const typed = within ? document.getText().slice(previousNode.offset + 1, offset) : "";
  const range = within
    ? {
        start: document.positionAt(previousNode.offset),
        end: document.positionAt(previousNode.offset + previousNode.length),
      }
    : { start: document.positionAt(offset), end: document.positionAt(offset) };
  const choices = await recipeChoices(path.join("."), typed, recipeFile);
  return choices.map(({ value, about, kind }) => ({
    label: value,
    kind: kinds[kind],
    detail: about,
    filterText: JSON.stringify(value),
    textEdit: { range, newText: JSON.stringify(value) },
  }));
}
