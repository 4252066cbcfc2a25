import { join } from "node:path";

/** Where the tables of an index are: a folder of this machine, an object store, or a LanceDB server. */
export type IndexPlace =
  | { readonly kind: "folder"; readonly path: string }
  | {
      readonly kind: "store";
      readonly scheme: StoreScheme;
      readonly uri: string;
      /** Put before the names of tables, where several indexes share a database that has no folders. */
      readonly prefix?: string;
    };

export type StoreScheme = "s3" | "gs" | "az" | "db";

export type ParsedPlace = { ok: true; place: IndexPlace } | { ok: false; reason: string };

const address = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?<rest>.*)$/s;
const schemes: readonly string[] = ["s3", "gs", "az", "db"] satisfies StoreScheme[];

/** True for text that is an address and not a path. A Windows path with a drive is none. */
export function isAddress(text: string): boolean {
  return address.test(text);
}

/**
 * Reads the place of an index: a folder's path, `s3://BUCKET/PATH`, `gs://BUCKET/PATH`, `az://CONTAINER/PATH` or `db://DATABASE`.
 * An address holds no key: it is written into settings, recipes and records, where keys do not belong.
 */
export function parsePlace(text: string): ParsedPlace {
  const { scheme, rest } = address.exec(text)?.groups ?? {};
  if (scheme === undefined || rest === undefined) {
    if (text.trim() === "")
      return { ok: false, reason: "The place of the index is empty; give a folder or an address." };
    return { ok: true, place: { kind: "folder", path: text } };
  }
  if (!schemes.includes(scheme)) {
    return {
      ok: false,
      reason: `An index cannot be kept at ${scheme}://; use a folder, s3://, gs://, az:// or db://.`,
    };
  }
  if (/[@?\s]/.test(rest)) {
    return {
      ok: false,
      reason: `The address of the index holds more than its place; keys come from the environment or the editor's secrets.`,
    };
  }
  const [first = "", ...path] = rest.replace(/\/+$/, "").split("/");
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(first) || path.some((part) => part === "" || /^\.\.?$/.test(part))) {
    return { ok: false, reason: `"${text}" is no address of an index; one is s3://bucket/path.` };
  }
  if (scheme === "db" && path.length > 0) {
    return { ok: false, reason: `A LanceDB database has no paths; write db://${first}.` };
  }
  const uri = `${scheme}://${[first, ...path].join("/")}`;
  return { ok: true, place: { kind: "store", scheme: scheme as StoreScheme, uri } };
}

/** A place as people write it. */
export function placeText(place: IndexPlace): string {
  return place.kind === "folder" ? place.path : place.uri;
}

/** The index of one folder at a place that holds those of many; folders of one name share it, wherever they lie on disk. */
export function placeOfFolder(base: IndexPlace, folderName: string): IndexPlace {
  const part = folderName.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+/, "") || "folder";
  if (base.kind === "folder") return { kind: "folder", path: join(base.path, part) };
  if (base.scheme === "db") return { ...base, prefix: `${part}.` };
  return { ...base, uri: `${base.uri}/${part}` };
}
