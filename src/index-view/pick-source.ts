import * as vscode from "vscode";
import type { DocumentSource } from "../../protocol/documents.ts";
import type { Parts } from "../parts.ts";
import type { IndexRow } from "./index-rows.ts";

/**
 * The source that a command is about: of the row it was called on, the only one that fits, or the one that the person picks. Undefined where
 * none is picked. Throws where none fits.
 */
export async function pickSource(
  parts: Parts,
  given: unknown,
  title: string,
  fits: (source: DocumentSource) => boolean,
): Promise<DocumentSource | undefined> {
  const id = sourceOf(given);
  const known = id === undefined ? undefined : parts.sources.find(id);
  if (known) return known;
  const { sources } = await parts.server.request("documentSources", {});
  parts.sources.reset(sources);
  const fitting = sources.filter(fits);
  if (fitting.length === 0) throw new Error(`${title}: nothing that is searched fits; the Index view lists what is.`);
  if (fitting.length === 1) return fitting[0];
  const choice = await vscode.window.showQuickPick(
    fitting.map((source) => ({ label: source.folder.name, description: source.location, source })),
    { title, placeHolder: "Choose what is searched", matchOnDescription: true },
  );
  return choice?.source;
}

/** The source of a row of the Index view; a command may be called with anything. */
export function sourceOf(given: unknown): string | undefined {
  const { source } = (typeof given === "object" && given !== null ? given : {}) as Partial<IndexRow>;
  return typeof source === "string" ? source : undefined;
}
