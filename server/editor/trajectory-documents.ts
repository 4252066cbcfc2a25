import { type Connection, type ServerCapabilities, type TextDocuments } from "vscode-languageserver";
import type { TextDocument } from "vscode-languageserver-textdocument";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { trajectoryIdOf } from "../../protocol/trajectory-uri.ts";
import { diagnosticsOf } from "./diagnostics.ts";
import { hoverAt } from "./hover.ts";
import { type OpenTrajectory, openTrajectory } from "./open-trajectory.ts";
import { documentSymbols, foldingRanges } from "./outline.ts";
import { semanticTokens, semanticTokensLegend } from "./semantic-tokens.ts";

type Find = (id: string) => Promise<Trajectory | undefined>;

/**
 * Serves the text form of trajectories: colours, folding, outline, hovers, and each broken reward rule as a diagnostic. A
 * document is described only while it holds the text that its trajectory gives; one that shows another moment of a running
 * question is left as plain text until it is read again. Returns what the server is to declare.
 */
export function trajectoryDocuments(
  connection: Connection,
  documents: TextDocuments<TextDocument>,
  find: Find,
  onFault: (where: string, error: unknown) => void,
): ServerCapabilities {
  const described = new Map<string, { version: number; opened: Promise<OpenTrajectory | undefined> }>();

  async function describe(document: TextDocument): Promise<OpenTrajectory | undefined> {
    const id = trajectoryIdOf(document.uri);
    if (id === undefined) return undefined;
    try {
      const trajectory = await find(id);
      const opened = trajectory && openTrajectory(trajectory);
      return opened?.text === document.getText().replaceAll("\r\n", "\n") ? opened : undefined;
    } catch (error) {
      onFault("describing a trajectory", error);
      return undefined;
    }
  }

  function opened(uri: string): Promise<OpenTrajectory | undefined> {
    const document = documents.get(uri);
    if (!document) return Promise.resolve(undefined);
    const known = described.get(uri);
    if (known?.version === document.version) return known.opened;
    const entry = { version: document.version, opened: describe(document) };
    described.set(uri, entry);
    return entry.opened;
  }

  documents.onDidChangeContent(async ({ document: { uri, version } }) => {
    if (trajectoryIdOf(uri) === undefined) return;
    const trajectory = await opened(uri);
    if (documents.get(uri)?.version !== version) return;
    await connection.sendDiagnostics({ uri, version, diagnostics: trajectory ? diagnosticsOf(trajectory) : [] });
  });
  documents.onDidClose(({ document: { uri } }) => {
    if (trajectoryIdOf(uri) === undefined) return;
    described.delete(uri);
    void connection.sendDiagnostics({ uri, diagnostics: [] });
  });

  connection.languages.semanticTokens.on(async ({ textDocument: { uri } }) => {
    const trajectory = await opened(uri);
    return trajectory ? semanticTokens(trajectory) : { data: [] };
  });
  connection.onFoldingRanges(async ({ textDocument: { uri } }) => {
    const trajectory = await opened(uri);
    return trajectory && foldingRanges(trajectory);
  });
  connection.onDocumentSymbol(async ({ textDocument: { uri } }) => {
    const trajectory = await opened(uri);
    return trajectory && documentSymbols(trajectory);
  });
  connection.onHover(async ({ textDocument: { uri }, position }) => {
    const trajectory = await opened(uri);
    return trajectory && hoverAt(trajectory, position);
  });
  return {
    semanticTokensProvider: { legend: semanticTokensLegend, full: true },
    foldingRangeProvider: true,
    documentSymbolProvider: true,
    hoverProvider: true,
  };
}
