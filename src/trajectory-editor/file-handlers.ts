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
import { trajectoryActions } from "./trajectory-actions.ts";
import type { PostToFileView } from "./trajectory-editor.ts";

interface FileHandlerParts {
  uri: vscode.Uri;
  post: PostToFileView;
  server: { request: Request };
  faults: Faults;
  memory: vscode.Memento;
}

/** One handler for each message of the page of a file. */
export function fileHandlers(
  { uri, post, server, faults, memory }: FileHandlerParts,
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
        const page = await server.request("trajectoryRows", { path, query }, signal);
        if (!signal.aborted) post("rows", { request, page });
      } catch (error) {
        if (!signal.aborted) post("failed", { request, message: messageOf(error) });
      }
    },
    record: async ({ key, tokens }) => {
      try {
        const record = await server.request("trajectoryRecord", { path, key });
        if (tokens) shown = record?.trajectory;
        post("record", { key, tokens, record: tokens || !record ? record : withoutTokens(record) });
      } catch (error) {
        post("failed", { key, message: messageOf(error) });
      }
    },
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
