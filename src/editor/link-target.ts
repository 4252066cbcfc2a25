import { isAbsolute } from "node:path";

/** What a link into this editor leads to. */
export type LinkTarget =
  | { kind: "trajectory"; id: string }
  /** `id` is empty where the link names no record. */
  | { kind: "file"; path: string; id: string };

const form = /^[0-9A-Za-z_-]{1,64}$/;

/** Whether a link can lead to a stored trajectory of this id. */
export function linkable(id: string): boolean {
  return form.test(id);
}

/**
 * `/trajectory/ID` and `/file?path=PATH&id=ID`; undefined for every other address. A link comes from anywhere, so a file is only one
 * whose name is that of trajectories, by an absolute path of this machine.
 */
export function linkTarget({ path, query }: { path: string; query: string }): LinkTarget | undefined {
  const [, id] = /^\/trajectory\/([^/]+)$/.exec(path) ?? [];
  if (id !== undefined) return linkable(id) ? { kind: "trajectory", id } : undefined;
  if (path !== "/file") return undefined;
  const parts = new URLSearchParams(query);
  const file = parts.get("path") ?? "";
  // Two slashes at the beginning name another machine, which would be asked for the file.
  const local = isAbsolute(file) && !/^[\\/]{2}/.test(file);
  const named = /(?:^|[\\/.])trajectories\.jsonl$/.test(file);
  return local && named ? { kind: "file", path: file, id: parts.get("id") ?? "" } : undefined;
}
