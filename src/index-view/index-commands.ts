import * as vscode from "vscode";
import type { IndexStatus } from "../../protocol/index-status.ts";
import { openLink } from "../editor/open-link.ts";
import type { Parts } from "../parts.ts";
import { trustedTo } from "../training/trust.ts";
import { bytesText } from "./amounts.ts";
import type { IndexRow } from "./index-rows.ts";
import { pickSource, sourceOf } from "./pick-source.ts";

const titles = {
  update: "Update Index",
  pause: "Pause Indexing",
  resume: "Resume Indexing",
  cancel: "Cancel Indexing",
  retry: "Retry Skipped Files",
} as const;

/** Acts on the index of one source, or from the palette on all of them. */
export async function actOnIndex(parts: Parts, action: keyof typeof titles, given: unknown): Promise<void> {
  if (parts.settings.current().folders.length === 0)
    throw new Error("No folder is open, so there is no index; open a folder first.");
  const folder = sourceOf(given);
  await vscode.window.withProgress({ location: { viewId: "searchlight.index" }, title: titles[action] }, () =>
    parts.server.request("indexAction", { ...(folder === undefined ? {} : { folder }), action }),
  );
}

/** Removes what the index of a source, or of all of them, no longer needs: old versions, vectors of no text or of other models. */
export async function pruneIndex(parts: Parts, given: unknown): Promise<void> {
  const folder = sourceOf(given);
  const { freed = 0 } = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: "Pruning the index" },
    () => parts.server.request("indexAction", { ...(folder === undefined ? {} : { folder }), action: "prune" }),
  );
  void vscode.window.showInformationMessage(
    freed > 0 ? `Pruning freed ${bytesText(freed)}.` : "There was nothing to prune.",
  );
}

/** Builds the index of a source, or of everything that is searched, from nothing, after asking. */
export async function rebuildIndex(parts: Parts, given: unknown): Promise<void> {
  const folder = sourceOf(given);
  const name = folder === undefined ? undefined : parts.sources.find(folder)?.folder.name;
  const rebuild = "Rebuild";
  const choice = await vscode.window.showWarningMessage(
    `Rebuild the index${name === undefined ? "" : ` of ${name}`} from the files?`,
    {
      modal: true,
      detail: "Searches find nothing until the words are read in again; questions asked so far are kept.",
    },
    rebuild,
  );
  if (choice === rebuild)
    await parts.server.request("indexAction", { ...(folder === undefined ? {} : { folder }), action: "rebuild" });
}

/** Fetches a site again, or on from where it was cut off; or pauses that. */
export async function actOnSite(parts: Parts, action: "fetch" | "pause", given: unknown): Promise<void> {
  if (action === "fetch" && !trustedTo("fetch sites")) return;
  const source = await pickSource(
    parts,
    given,
    action === "fetch" ? "Fetch Site" : "Pause Fetching",
    ({ site }) => site !== undefined && (site.state === "fetching") === (action === "pause"),
  );
  if (source) await parts.server.request("siteAction", { folder: source.folder.id, action });
}

/** Takes added documents away, after asking. */
export async function removeDocuments(parts: Parts, given: unknown): Promise<void> {
  const source = await pickSource(parts, given, "Remove Documents", ({ kind }) => kind !== "workspace");
  if (!source) return;
  if (source.kind === "workspace")
    throw new Error(`${source.folder.name} is a folder of the workspace; remove it from the workspace instead.`);
  const remove = "Remove";
  const choice = await vscode.window.showWarningMessage(
    `No longer search ${source.folder.name}?`,
    {
      modal: true,
      detail:
        source.kind === "site"
          ? "The copies of its pages are deleted unless another project has them too. The site itself is not touched."
          : "Its files stay where they are.",
    },
    remove,
  );
  if (choice === remove) await parts.server.request("removeDocuments", { folder: source.folder.id });
}

/** Opens what a row of the Index view stands for: a skipped file, an address, or the list of all skipped files. */
export async function openIndexRow(parts: Parts, given: unknown): Promise<void> {
  const { open } = (given ?? {}) as Partial<IndexRow>;
  if (!open) return;
  if (open.kind === "address") return openLink(open.url);
  if (open.kind === "skipped") {
    const status = parts.statuses.all.find(({ folder }) => folder.id === open.folder);
    return status && showSkipped(status);
  }
  const found = await parts.server.request("resolveFile", { folder: open.folder, path: open.path });
  if (!found) throw new Error(`${open.path} is not in its folder any more, or is a link that leads out of it.`);
  // The editor itself knows what to do with a file that is no text.
  await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(found.path));
}

/** All skipped files of a source as a document. */
export async function showSkipped({ folder, skipped }: IndexStatus): Promise<void> {
  const content = skipped.map(({ path, reason }) => `${path}: ${reason}`).join("\n");
  const document = await vscode.workspace.openTextDocument({
    content: `Skipped in ${folder.name}\n\n${content}\n`,
    language: "plaintext",
  });
  await vscode.window.showTextDocument(document, { preview: true });
}
