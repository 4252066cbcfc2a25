import { type Dirent, readFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import ignore, { type Ignore } from "ignore";
import type { SkippedFile } from "../../protocol/index-status.ts";
import { formatOf } from "./read-document.ts";

export interface ScannedFile {
  /** Relative to the folder, forward slashes. */
  path: string;
  size: number;
  modified: number;
}

export interface ScanLimits {
  fileBytes: number;
  files: number;
}

export const scanLimits: ScanLimits = { fileBytes: 5 * 2 ** 20, files: 50_000 };

export interface Scan {
  files: ScannedFile[];
  skipped: SkippedFile[];
}

/** Folders that hold no documents of the project's own, whatever its ignore files say. */
const neverEntered = new Set([".git", ".hg", ".svn", "node_modules", ".venv", "__pycache__", ".searchlight"]);
const ignoreFiles = [".gitignore", ".searchlightignore"];

/** Rules of one folder, which hold for paths below it. */
interface Rules {
  base: string;
  rules: Ignore;
}

/**
 * The documents of a folder: honours nested `.gitignore` and `.searchlightignore` and the given exclude patterns.
 * Symbolic links are not followed, so that a loop or a link out of the folder cannot be entered. What looks like a
 * document and is not taken is listed with its reason.
 */
export async function scanFolder(
  folder: string,
  exclude: readonly string[],
  signal: AbortSignal,
  limits = scanLimits,
): Promise<Scan> {
  const scan: Scan = { files: [], skipped: [] };
  await enter("", [{ base: "", rules: ignore().add([...exclude]) }]);
  scan.files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return scan;

  async function enter(base: string, inherited: readonly Rules[]): Promise<void> {
    signal.throwIfAborted();
    const entries = await listed(join(folder, base), base);
    const own = ownRules(folder, base, entries);
    const rules = own ? [...inherited, own] : inherited;
    for (const entry of entries) {
      const path = base === "" ? entry.name : `${base}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!neverEntered.has(entry.name) && !isIgnored(`${path}/`, rules)) await enter(path, rules);
      } else if (formatOf(path) && !isIgnored(path, rules)) {
        await take(path, entry);
      }
    }
  }

  async function listed(path: string, base: string): Promise<Dirent[]> {
    try {
      return (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      scan.skipped.push({
        path: base || ".",
        reason: `folder cannot be read (${(error as NodeJS.ErrnoException).code})`,
      });
      return [];
    }
  }

  async function take(path: string, entry: Dirent): Promise<void> {
    if (entry.isSymbolicLink()) return void scan.skipped.push({ path, reason: "symbolic link" });
    if (!entry.isFile()) return;
    try {
      const { size, mtimeMs } = await stat(join(folder, path));
      if (size > limits.fileBytes)
        scan.skipped.push({ path, reason: `larger than ${Math.round(limits.fileBytes / 2 ** 20)} MiB` });
      else if (scan.files.length >= limits.files)
        scan.skipped.push({ path, reason: `more than ${limits.files} files` });
      else scan.files.push({ path, size, modified: mtimeMs });
    } catch {
      scan.skipped.push({ path, reason: "cannot be read" });
    }
  }
}

function ownRules(folder: string, base: string, entries: readonly Dirent[]): Rules | undefined {
  const present = ignoreFiles.filter((name) => entries.some((entry) => entry.name === name && entry.isFile()));
  if (present.length === 0) return undefined;
  const rules = ignore();
  for (const name of present) {
    try {
      rules.add(readFileSync(join(folder, base, name), "utf8"));
    } catch {
      // An ignore file that cannot be read ignores nothing.
    }
  }
  return { base, rules };
}

/** As git decides it: the rules nearest to the file have the last word. */
function isIgnored(path: string, rules: readonly Rules[]): boolean {
  for (const { base, rules: own } of rules.toReversed()) {
    const inside = base === "" ? path : path.slice(base.length + 1);
    const verdict = own.test(inside);
    if (verdict.ignored) return true;
    if (verdict.unignored) return false;
  }
  return false;
}
