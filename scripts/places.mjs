// Where set-up keeps what it fetches. The same rules as server/home.ts, which set-up cannot import: it runs before any build.
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export function cacheHome() {
  if (process.env.SEARCHLIGHT_CACHE) return process.env.SEARCHLIGHT_CACHE;
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "Searchlight");
  if (process.platform === "win32") return join(process.env.LOCALAPPDATA ?? homedir(), "Searchlight", "cache");
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "searchlight");
}

/** Where the package of this version for this platform is made. */
export function packageFile() {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return join(root, "out", `searchlight-${version}-${process.platform}-${process.arch}.vsix`);
}
