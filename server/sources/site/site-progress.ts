import { readdirSync } from "node:fs";
import type { SiteProgress } from "../../../protocol/documents.ts";
import { type CrawlRecord, readCrawl, waitingAddresses } from "./crawl-journal.ts";
import type { Site } from "./site-home.ts";

const shownLeftOut = 200;

/** How far the fetching of a site is, from its journal. */
export function siteProgress(site: Site): SiteProgress {
  const record = readCrawl(site.home);
  const queued = record.end ? 0 : waitingAddresses(record, site.prefix.start).length;
  const counts = countsOf(site, record, queued);
  if (record.end) return { state: "done", reason: record.end.reason, ...counts };
  if (site.paused) return { state: "paused", reason: "Fetching is paused; fetch to go on.", ...counts };
  if (record.failure) return { state: "failed", reason: record.failure, ...counts };
  return { state: "waiting", reason: "Fetching was cut off; fetch to go on.", ...counts };
}

/** How far a fetching in progress is, with so many addresses still to be asked for. */
export function liveProgress(site: Site, record: CrawlRecord, queued: number): SiteProgress {
  const counts = countsOf(site, record, queued);
  return { state: "fetching", reason: `Fetching pages: ${record.pages.size} asked for, ${queued} to go.`, ...counts };
}

/** Names of the copies that are on disk. */
export function copiesOf(site: Pick<Site, "folder">): string[] {
  try {
    return readdirSync(site.folder.path);
  } catch {
    return [];
  }
}

function countsOf(site: Site, record: CrawlRecord, queued: number) {
  let kept = 0;
  const leftOut: { path: string; reason: string }[] = [];
  for (const page of record.pages.values()) {
    if (page.kind === "kept") kept++;
    else leftOut.push({ path: page.address, reason: page.reason });
  }
  return {
    // A round that has only begun shows what the one before keeps on disk.
    pages: record.end ? kept : Math.max(kept, copiesOf(site).length),
    queued,
    limit: site.pages,
    leftOut: leftOut.length,
    leftOutPages: leftOut.slice(-shownLeftOut),
  };
}
