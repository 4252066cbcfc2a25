import * as vscode from "vscode";
import type { fromFileView } from "../../protocol/file-view-messages.ts";
import type { NotificationHandlers } from "../../protocol/message.ts";
import type { FileRecord } from "../../protocol/trajectory-file.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import type { Request } from "../client/messages.ts";
import { openLink } from "../editor/open-link.ts";
import { openPlace } from "../editor/open-place.ts";
import { copyFileLink } from "../editor/trajectory-link.ts";
import type { Faults } from "../faults.ts";
import { showFault } from "../show-fault.ts";
import type { Comparison } from "./comparison.ts";
import type { SavedFilters } from "./saved-filters.ts";
import { trajectoryActions } from "./trajectory-actions.ts";
import type { PostToFileView } from "./trajectory-editor.ts";

interface FileHandlerParts {
  uri: vscode.Uri;
  post: PostToFileView;
  server: { request: Request };
  faults: Faults;
  /** Of this workspace, and of the person. */
  memory: vscode.Memento;
  everywhere: SavedFilters;
  comparison: Comparison;
  /** Loads the page anew, and opens the file as text. */
  reload(): void;
  asText(): unknown;
}

/** One handler for each message of the page of a file. */
export function fileHandlers(
  { uri, post, server, faults, memory, everywhere, comparison, reload, asText }: FileHandlerParts,
  onReady: () => void,
): NotificationHandlers<typeof fromFileView> {
  const path = uri.fsPath;
  /** Of the record that was sent last: its tokens may be asked for. */
  let shown: Trajectory | undefined;
  const lists = new SupersededLists();
  const orTell =
    <P>(act: (params: P) => unknown) =>
    async (params: P): Promise<void> => {
      try {
        await act(params);
      } catch (error) {
        faults.report("the trajectory editor", error);
        showFault(error, faults);
      }
    };
  const { annotate, collect } = trajectoryActions({
    request: server.request,
    memory,
    placeOf: ({ key }) => (key === undefined ? undefined : { kind: "file", path, key }),
    shown: () => shown,
    annotated: (params) => post("annotated", params),
  });
  return {
    annotate: orTell(annotate),
    collect: orTell(collect),
    ready: onReady,
    rows: async ({ request, query }) => {
      if (uri.scheme !== "file") {
        const message = "This file is not on a disk that the server reads; save a copy to a folder and open that.";
        return post("failed", { request, message });
      }
      const signal = lists.begin(request);
      try {
        const against = comparison.path === undefined ? {} : { against: comparison.path };
        const page = await server.request("trajectoryRows", { path, query, ...against }, signal);
        if (!signal.aborted) post("rows", { request, page });
      } catch (error) {
        if (!signal.aborted) post("failed", { request, message: messageOf(error) });
      }
    },
    record: async ({ key, tokens, against = false }) => {
      const of = against ? comparison.path : path;
      if (of === undefined) return;
      try {
        const record = await server.request("trajectoryRecord", { path: of, key });
        if (tokens) shown = record?.trajectory;
        const sent = tokens || !record ? record : withoutTokens(record);
        post("record", { key, tokens, ...(against ? { against } : {}), record: sent });
      } catch (error) {
        post("failed", { key, message: messageOf(error) });
      }
    },
    compare: orTell(({ on }) => (on ? comparison.choose() : comparison.end())),
    saveFilter: orTell((saved) => everywhere.save(saved)),
    removeFilter: orTell(({ name }) => everywhere.remove(name)),
    tokenTexts: orTell(async ({ trajectoryId }) => {
      if (shown?.id !== trajectoryId || !shown.tokens) return;
      const { tokenizer, ids } = shown.tokens;
      const { texts } = await server.request("tokenTexts", { tokenizer, ids });
      post("tokenTexts", { trajectoryId, texts });
    }),
    open: orTell(({ place }) => openPlace(server.request, place)),
    openLink: orTell(({ url }) => openLink(url)),
    copy: orTell(({ text }) => vscode.env.clipboard.writeText(text)),
    copyLink: orTell(({ trajectoryId }) => copyFileLink(path, trajectoryId)),
    reload,
    asText: orTell(asText),
    fault: ({ message }) => faults.report("the trajectory editor failed", message),
  };
}

/** Pages of a list that was filtered or sorted otherwise since are not worth waiting for. */
class SupersededLists {
  #name = "";
  #controller = new AbortController();

  /** `list:GENERATION:BLOCK` ends the lists of other generations; other requests end nothing. */
  begin(request: string): AbortSignal {
    if (!request.startsWith("list:")) return new AbortController().signal;
    const name = request.slice(0, request.lastIndexOf(":"));
    if (name !== this.#name) {
      this.#controller.abort();
      this.#controller = new AbortController();
      this.#name = name;
    }
    return this.#controller.signal;
  }
}

/** Columns beside each other show text alone. */
function withoutTokens(record: FileRecord): FileRecord {
  const { tokens: _, ...trajectory } = record.trajectory;
  return { ...record, trajectory };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
