import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import type { FolderRef } from "../protocol/place.ts";

/** Where what must last is kept: indexes, trajectories, runs. `SEARCHLIGHT_HOME` overrides the platform's own place. */
export function dataHome(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  if (env["SEARCHLIGHT_HOME"]) return resolve(env["SEARCHLIGHT_HOME"]);
  if (platform === "darwin") return join(homedir(), "Library", "Application Support", "Searchlight");
  if (platform === "win32") return join(env["LOCALAPPDATA"] ?? homedir(), "Searchlight");
  return join(env["XDG_DATA_HOME"] ?? join(homedir(), ".local", "share"), "searchlight");
}

/** Where what can be fetched again is kept: models, tools. `SEARCHLIGHT_CACHE` overrides the platform's own place. */
export function cacheHome(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  if (env["SEARCHLIGHT_CACHE"]) return resolve(env["SEARCHLIGHT_CACHE"]);
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "Searchlight");
  if (platform === "win32") return join(env["LOCALAPPDATA"] ?? homedir(), "Searchlight", "cache");
  return join(env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "searchlight");
}

/** Both as the environment of a process that runs in another folder than this one; nothing where the environment names none. */
export function homesElsewhere(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return {
    ...(env["SEARCHLIGHT_HOME"] ? { SEARCHLIGHT_HOME: dataHome(env) } : {}),
    ...(env["SEARCHLIGHT_CACHE"] ? { SEARCHLIGHT_CACHE: cacheHome(env) } : {}),
  };
}

/** A folder as the server knows it: the reference that travels, and the real path that does not. */
export interface Folder extends FolderRef {
  /** Absolute, symbolic links resolved. */
  readonly path: string;
  /** Where the folder's index lives; derived data. */
  readonly indexHome: string;
  /** Where the folder's trajectories live; not derived data. */
  readonly trajectoriesHome: string;
}

/** The same folder on disk always gets the same id, whoever opens it (server or terminal), so both share one index. */
export function openFolder(path: string, home = dataHome()): Folder {
  const real = realpathSync(path);
  const name = basename(real) || "root";
  const hash = createHash("sha256").update(real).digest("hex").slice(0, 12);
  const id = `${name.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, 40)}-${hash}`;
  const project = join(home, "projects", id);
  return { id, name, path: real, indexHome: join(project, "index"), trajectoriesHome: join(project, "trajectories") };
}
