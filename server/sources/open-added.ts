import { basename } from "node:path";
import type { AddedSource } from "../../protocol/documents.ts";
import { type Folder, openFolder } from "../home.ts";
import {
  type AddedDocument,
  isAddedAnywhere,
  locationOf,
  readAdded,
  sameDocument,
  writeAdded,
} from "./added-documents.ts";
import { chooseFolder } from "./added-folder.ts";
import { type Site, keepSite, openSite, removeSite } from "./site/site-home.ts";
import { parsePrefix, prefixAddress } from "./site/site-prefix.ts";

/** An added document as it is on this machine. */
export interface OpenedDocument {
  readonly document: AddedDocument;
  readonly id: string;
  readonly name: string;
  /** Undefined where it is not on disk. */
  readonly folder: Folder | undefined;
  readonly site?: Site;
}

export type Addition = { ok: true; added: OpenedDocument } | { ok: false; reason: string };

/** What was added to a folder, in the order in which it was. Throws `AddedDocumentsError`. */
export function openAdded(owner: Folder): OpenedDocument[] {
  return readAdded(owner).map(openDocument);
}

/**
 * Adds a folder or a site to a folder. One that is there already is given back; of a site the page limit is then the one that is wanted, and it
 * is no longer paused. Throws `AddedDocumentsError`.
 */
export function addDocument(
  owner: Folder,
  searched: readonly Pick<Folder, "path" | "name">[],
  wanted: AddedSource,
): Addition {
  const documents = readAdded(owner);
  const named = documentOf(wanted, searched, documents);
  if (!named.ok) return named;
  const { document } = named;
  if (!documents.some((each) => sameDocument(each, document))) writeAdded(owner, [...documents, document]);
  return { ok: true, added: openDocument(document) };
}

/**
 * Takes an added document from a folder's list. A site's copies go with the last project that had it; the files of a folder, and its
 * index, stay. False where the list does not have it.
 */
export function removeDocument(owner: Folder, document: AddedDocument): boolean {
  const documents = readAdded(owner);
  const rest = documents.filter((each) => !sameDocument(each, document));
  if (rest.length === documents.length) return false;
  writeAdded(owner, rest);
  const site = document.kind === "site" && !isAddedAnywhere(document) ? openSite(document.address) : undefined;
  if (site) removeSite(site);
  return true;
}

function documentOf(
  wanted: AddedSource,
  searched: readonly Pick<Folder, "path" | "name">[],
  documents: readonly AddedDocument[],
): { ok: true; document: AddedDocument } | { ok: false; reason: string } {
  if (wanted.kind === "site") {
    const reading = parsePrefix(wanted.address);
    if (!reading.ok) return reading;
    keepSite(reading.prefix, { pages: wanted.pages, paused: false });
    return { ok: true, document: { kind: "site", address: prefixAddress(reading.prefix) } };
  }
  const known = new Set(documents.map(locationOf));
  const choice = chooseFolder(
    wanted.path,
    searched.filter(({ path }) => !known.has(path)),
  );
  return choice.ok ? { ok: true, document: { kind: "folder", path: choice.folder.path } } : choice;
}

function openDocument(document: AddedDocument): OpenedDocument {
  if (document.kind === "site") {
    const site = openSite(document.address);
    if (site) return { document, id: site.folder.id, name: site.folder.name, folder: site.folder, site };
    return { document, id: `missing ${document.address}`, name: document.address, folder: undefined };
  }
  const { path } = document;
  try {
    const folder = openFolder(path);
    return { document, id: folder.id, name: folder.name, folder };
  } catch {
    return { document, id: `missing ${path}`, name: basename(path), folder: undefined };
  }
}
