import { type Dirent, type Stats, readFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import ignore, { type Ignore } from "ignore";
import type { SkippedFile } from "../../protocol/index-status.ts";
import { byteLimit, formatOf, unreadReason } from "./format.ts";
import { SkipList } from "./skip-list.ts";
import { workspaceExcludes } from "./workspace-excludes.ts";
import { whyUnread } from "../file-failure.ts";

export interface ScannedFile {
  /** Relative to the folder, forward slashes. */
  path: string;
  size: number;
  modified: number;
}

export interface ScanLimits {
  /** Bytes of a file, by its path. */
  bytes(path: string): number;
  files: number;
}

const scanLimits: ScanLimits = { bytes: byteLimit, files: 50_000 };

export interface Scan {
  files: ScannedFile[];
  skipped: SkippedFile[];
}

/** Folders that hold no documents of the project's own, whatever its ignore files say. */
const neverEntered = new Set([".git", ".hg", ".svn", "node_modules", ".venv", "__pycache__", ".searchlight"]);
/** Files of a folder that the disk is asked about at the same time. */
const askedAtOnce = 64;
const ignoreFiles = [".gitignore", ".searchlightignore"];

/** Rules of one folder, which hold for paths below it. */
interface Rules {
  base: string;
  rules: Ignore;
}

/**
 * The documents of a folder: honours nested `.gitignore` and `.searchlightignore`, the folder's own `files.exclude` and the given
 * exclude patterns. Symbolic links are not followed, so that a loop or a link out of the folder cannot be entered. What looks
 * like a document and is not taken is listed with its reason.
 */
export async function scanFolder(
  folder: string,
  exclude: readonly string[],
  signal: AbortSignal,
  limits = scanLimits,
): Promise<Scan> {
  const files: ScannedFile[] = [];
  const skipped = new SkipList();
  const given = ignore().add([...exclude, ...workspaceExcludes(folder)]);
  await enter("", [{ base: "", rules: given }]);
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files, skipped: skipped.list() };

  async function enter(base: string, inherited: readonly Rules[]): Promise<void> {
    signal.throwIfAborted();
    const entries = await listed(join(folder, base), base);
    const own = ownRules(folder, base, entries);
    const rules = own ? [...inherited, own] : inherited;
    const candidates: { path: string; entry: Dirent }[] = [];
    const folders: string[] = [];
    for (const entry of entries) {
      const path = base === "" ? entry.name : `${base}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!neverEntered.has(entry.name) && !isIgnored(`${path}/`, rules)) folders.push(path);
      } else if ((formatOf(path) ?? unreadReason(path) ?? entry.isSymbolicLink()) && !isIgnored(path, rules)) {
        candidates.push({ path, entry });
      }
    }
    for (let at = 0; at < candidates.length; at += askedAtOnce) {
      const group = candidates.slice(at, at + askedAtOnce);
      // One after the other the disk would be waited for five thousand times.
      const stats = await Promise.all(
        group.map(async ({ path, entry }) => (entry.isFile() ? await statOf(path) : undefined)),
      );
      for (const [index, { path, entry }] of group.entries()) await take(path, entry, stats[index]);
    }
    for (const path of folders) await enter(path, rules);
  }

  function statOf(path: string): Promise<Stats | undefined> {
    return stat(join(folder, path)).catch(() => undefined);
  }

  async function listed(path: string, base: string): Promise<Dirent[]> {
    try {
      return (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      skipped.add(base || ".", `folder ${whyUnread(error)}`);
      return [];
    }
  }

  async function take(path: string, entry: Dirent, facts: Stats | undefined): Promise<void> {
    if (entry.isSymbolicLink()) return skipLink(path);
    if (!entry.isFile()) return;
    const unread = formatOf(path) ? undefined : unreadReason(path);
    if (unread) return skipped.add(path, unread);
    if (!facts) return skipped.add(path, "cannot be read");
    const { size, mtimeMs } = facts;
    const limit = limits.bytes(path);
    if (size > limit) skipped.add(path, `larger than ${limit / 2 ** 20} MiB`);
    else if (files.length >= limits.files) skipped.add(path, `more than ${limits.files} files`);
    else files.push({ path, size, modified: mtimeMs });
  }

  /** Links to what would not be read anyway are not worth a word. */
  async function skipLink(path: string): Promise<void> {
    const target = await stat(join(folder, path)).catch(() => undefined);
    if (!target) skipped.add(path, "symbolic link that leads nowhere");
    else if (target.isDirectory()) skipped.add(path, "symbolic link to a folder, which is not entered");
    else if (formatOf(path)) skipped.add(path, "symbolic link");
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
