import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromFileView, type toFileView } from "../../protocol/file-view-messages.ts";
import type { Params } from "../../protocol/message.ts";
import { TrajectoryFiles } from "../../server/editor/trajectory-files.ts";
import { type SavedFilter, withSaved } from "../../protocol/saved-filter.ts";
import type { Sent, ViewerPage } from "./viewer-page.ts";

export interface ServedFile {
  /** Where the file is. */
  path: string;
  /** Tells the page that the file, or what is said of it, may have changed. */
  tell(): Promise<void>;
  /** Writes other content and tells the page that the file changed. */
  rewrite(content: string): Promise<void>;
  close(): void;
}

/**
 * Stands for the extension host of the page of a file: hands its questions to the server's own index over a real file, and the
 * answers back. A file that is there already comes with what serves it. `against` is the content of the file that the person chooses to compare with.
 */
export async function serveFile(
  view: ViewerPage,
  content: string | { path: string; files: TrajectoryFiles },
  against?: string,
): Promise<ServedFile> {
  const folder = mkdtempSync(join(tmpdir(), "searchlight-file-page-"));
  const path = typeof content === "string" ? join(folder, "run.trajectories.jsonl") : content.path;
  if (typeof content === "string") writeFileSync(path, content);
  const before = join(folder, "before.trajectories.jsonl");
  writeFileSync(before, against ?? "");
  let comparing = false;
  let saved: SavedFilter[] = [];
  const ending = new AbortController();
  const files = typeof content === "string" ? new TrajectoryFiles(ending.signal) : content.files;
  const post = async <K extends keyof typeof toFileView>(
    method: K,
    params: Params<(typeof toFileView)[K]>,
  ): Promise<void> => {
    await view.page.evaluate((message) => window.postMessage(message, "*"), { method, params } as never);
  };
  const tell = () =>
    post("file", { name: "run.trajectories.jsonl", ...(comparing ? { against: "before.trajectories.jsonl" } : {}) });
  await view.page.exposeFunction("answer", async ({ method, params }: Sent) => {
    if (method === "rows") {
      const { request, query } = fromFileView.rows.params.parse(params);
      await post("rows", {
        request,
        page: await files.page(path, query, ending.signal, comparing ? before : undefined),
      });
    } else if (method === "record") {
      const { key, tokens, against: ofOther = false } = fromFileView.record.params.parse(params);
      const record = await files.record(ofOther ? before : path, key, new Set(), async () => null);
      await post("record", { key, tokens, against: ofOther, record });
    } else if (method === "compare") {
      comparing = fromFileView.compare.params.parse(params).on;
      await tell();
    } else if (method === "saveFilter") {
      saved = withSaved(saved, fromFileView.saveFilter.params.parse(params));
      await post("savedFilters", { filters: saved });
    } else if (method === "removeFilter") {
      const { name } = fromFileView.removeFilter.params.parse(params);
      saved = saved.filter((each) => each.name !== name);
      await post("savedFilters", { filters: saved });
    } else if (method === "annotate") {
      const { trajectoryId, key, change } = fromFileView.annotate.params.parse(params);
      const annotations = await files.annotate(path, key!, change);
      await post("annotated", { trajectoryId, key, annotations: annotations! });
    }
  });
  await view.page.evaluate(() => {
    const { sent, answer } = window as unknown as { sent: Sent[]; answer(message: Sent): Promise<void> };
    const push = sent.push.bind(sent);
    sent.push = (...messages) => {
      for (const message of messages) void answer(message);
      return push(...messages);
    };
  });
  await tell();
  return {
    path,
    tell,
    async rewrite(next) {
      writeFileSync(path, next);
      await tell();
    },
    close() {
      ending.abort();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
