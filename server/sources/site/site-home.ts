import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { siteLimits } from "../../../protocol/documents.ts";
import { replaceFile } from "../../durable-lines.ts";
import { type Folder, dataHome } from "../../home.ts";
import { type SitePrefix, parsePrefix, prefixAddress, siteName } from "./site-prefix.ts";

const SiteFile = z.object({
  format: z.literal(1),
  address: z.string(),
  start: z.string(),
  pages: z.int().min(1).max(siteLimits.mostPages),
  paused: z.boolean(),
});

/** A site of this machine: the folder of its copies, and how it is fetched. Projects that add the same site share it. */
export interface Site {
  readonly prefix: SitePrefix;
  readonly folder: Folder;
  /** Holds the journal of the fetching and the lease of who fetches. */
  readonly home: string;
  /** Pages that are kept at most. */
  readonly pages: number;
  /** A person paused the fetching. */
  readonly paused: boolean;
}

/** The site of an address as `added-documents` keeps it; undefined where its folder is gone or damaged. */
export function openSite(address: string, root = dataHome()): Site | undefined {
  const home = homeOf(address, root);
  try {
    const file = SiteFile.parse(JSON.parse(readFileSync(join(home, "site.json"), "utf8")));
    return siteOf(file, home);
  } catch {
    return undefined;
  }
}

/** Makes a site's folder, or changes what is wanted of it. */
export function keepSite(prefix: SitePrefix, wanted: { pages: number; paused: boolean }, root = dataHome()): Site {
  const address = prefixAddress(prefix);
  const home = homeOf(address, root);
  mkdirSync(join(home, "pages"), { recursive: true });
  const file = { format: 1 as const, address, start: prefix.start, ...wanted };
  replaceFile(join(home, "site.json"), `${JSON.stringify(file)}\n`);
  return siteOf(file, home);
}

export function removeSite({ home }: Pick<Site, "home">): void {
  rmSync(home, { recursive: true, force: true });
}

function siteOf(file: z.infer<typeof SiteFile>, home: string): Site {
  const reading = parsePrefix(file.address);
  if (!reading.ok) throw new Error(reading.reason);
  const { origin, path } = reading.prefix;
  const prefix = { origin, path, start: file.start };
  const folder: Folder = {
    id: `site-${idOf(file.address)}`,
    name: siteName(prefix),
    path: join(home, "pages"),
    indexHome: join(home, "index"),
    // A site is never asked by itself, so nothing is kept there.
    trajectoriesHome: join(home, "trajectories"),
  };
  return { prefix, folder, home, pages: file.pages, paused: file.paused };
}

function homeOf(address: string, root: string): string {
  return join(root, "sites", idOf(address));
}

function idOf(address: string): string {
  return createHash("sha256").update(address).digest("hex").slice(0, 16);
}
