import * as vscode from "vscode";
import { siteLimits } from "../../protocol/documents.ts";
import type { Parts } from "../parts.ts";
import { trustedTo } from "../training/trust.ts";
import { siteAddressFault } from "./site-address.ts";

type Kind = "folder" | "site";

/** `Searchlight: Add Documents…`: a folder outside the workspace or a documentation site, to be searched with a folder of the workspace. */
export async function addDocuments(parts: Parts): Promise<void> {
  const { folders } = parts.settings.current();
  if (folders.length === 0) throw new Error("No folder is open that documents could be added to; open a folder first.");
  const kind = await pickKind();
  if (!kind) return;
  if (kind === "site" && !trustedTo("fetch sites")) return;
  const source = kind === "folder" ? await pickFolder() : await describeSite();
  if (!source) return;
  const to = await pickOwner(parts);
  if (to === undefined) return;
  const { source: added } = await vscode.window.withProgress(
    { location: { viewId: "searchlight.index" }, title: "Adding documents" },
    () => parts.server.request("addDocuments", { to, source }),
  );
  await vscode.commands.executeCommand("searchlight.index.focus");
  void vscode.window.showInformationMessage(
    added.kind === "site"
      ? `${added.folder.name} is being fetched, a page a second; the Index view shows how far it is.`
      : `${added.folder.name} is searched from here on; the Index view shows how far its index is.`,
  );
}

async function pickKind(): Promise<Kind | undefined> {
  const choice = await vscode.window.showQuickPick(
    [
      {
        label: "$(folder) Folder…",
        detail: "A folder outside the workspace. Its files stay where they are.",
        adds: "folder" as Kind,
      },
      {
        label: "$(globe) Documentation Site…",
        detail: "Pages below an address, copied to this machine as its robots.txt lets them be.",
        adds: "site" as Kind,
      },
    ],
    { title: "Add Documents", placeHolder: "What is to be searched as well?" },
  );
  return choice?.adds;
}

async function pickFolder(): Promise<{ kind: "folder"; path: string } | undefined> {
  const [folder] =
    (await vscode.window.showOpenDialog({
      title: "Add a Folder of Documents",
      openLabel: "Add",
      canSelectFiles: false,
      canSelectFolders: true,
      canSelectMany: false,
    })) ?? [];
  if (!folder) return undefined;
  if (folder.scheme !== "file") throw new Error("Only folders on this machine's disk can be added.");
  return { kind: "folder", path: folder.fsPath };
}

async function describeSite(): Promise<{ kind: "site"; address: string; pages: number } | undefined> {
  const address = await vscode.window.showInputBox({
    title: "Address of the site (1 of 2)",
    prompt: "Only pages whose address begins with it are fetched, one a second, as the site's robots.txt lets them be.",
    placeHolder: "https://docs.example.org/guide/",
    validateInput: siteAddressFault,
    ignoreFocusOut: true,
  });
  if (address === undefined) return undefined;
  const pages = await vscode.window.showInputBox({
    title: "How many pages at most (2 of 2)",
    value: String(siteLimits.pages),
    validateInput: (text) =>
      /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= siteLimits.mostPages
        ? undefined
        : `A whole number from 1 to ${siteLimits.mostPages}`,
    ignoreFocusOut: true,
  });
  return pages === undefined ? undefined : { kind: "site", address: address.trim(), pages: Number(pages) };
}

/** The folder of the workspace that the documents go with; asked only where there are several. */
async function pickOwner(parts: Parts): Promise<string | undefined> {
  const { sources } = await parts.server.request("documentSources", {});
  parts.sources.reset(sources);
  const owners = sources.filter(({ kind }) => kind === "workspace");
  if (owners.length <= 1) return owners[0]?.folder.id;
  const choice = await vscode.window.showQuickPick(
    owners.map(({ folder, location }) => ({ label: folder.name, description: location, id: folder.id })),
    { title: "Add Documents", placeHolder: "Which folder do they belong to? They are searched whenever it is open." },
  );
  return choice?.id;
}
