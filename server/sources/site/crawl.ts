import { setTimeout as pause } from "node:timers/promises";
import type { SiteProgress } from "../../../protocol/documents.ts";
import { type Lease, takeLease } from "../../index/lease.ts";
import { CrawlJournal } from "./crawl-journal.ts";
import { fetchPage, type pageLimits } from "./fetch-page.ts";
import { type RobotsRules, readRobots, robotsName } from "./robots.ts";
import { Round } from "./round.ts";
import { readSitemaps } from "./sitemap.ts";
import type { Site } from "./site-home.ts";
import { liveProgress } from "./site-progress.ts";

export interface CrawlOptions {
  fetch: typeof globalThis.fetch;
  signal: AbortSignal;
  /** Version of this program, which the site is told. */
  version: string;
  /** Least seconds between two requests; the site's own wish counts where it is longer. */
  secondsBetween?: number;
  /** Told about once a second, and of the last page. */
  onProgress?(progress: SiteProgress): void;
  pageLimits?: Partial<typeof pageLimits>;
}

export type CrawlOutcome =
  | { kind: "done"; reason: string }
  /** Stopped before its end; the next crawl goes on from there. */
  | { kind: "failed"; reason: string }
  /** Another process fetches this site. */
  | { kind: "taken" };

export const crawlLimits = {
  secondsBetween: 1,
  /** A site that wants a longer pause than this between two pages is not fetched: a person waits for it. */
  longestDelay: 60,
  tries: 3,
  /** So many pages that do not come, one after the other, are a site that is down. */
  failuresInARow: 5,
  /** Seconds that a site may ask to be left alone for without ending the fetching. */
  longestWait: 120,
} as const;

const tellEvery = 1000;

/**
 * Fetches the pages of a site into its folder, breadth first from its start, one at a time, and politely. Each page is on disk and in the
 * journal before the next is asked for, so that a crawl that was cut off goes on where it was. A round over a site that was fetched
 * before asks only for what changed, and in the end takes away the copies of pages that are no more. Rejects when the signal fires;
 * what was fetched stays.
 */
export async function crawl(site: Site, options: CrawlOptions): Promise<CrawlOutcome> {
  const taken = takeLease(site.home);
  if (!taken.ok) return { kind: "taken" };
  const journal = new CrawlJournal(site.home);
  try {
    journal.begin();
    const headers = { "user-agent": `${robotsName}/${options.version}` };
    const robots = await readRobots(site.prefix, options.fetch, headers, options.signal);
    const { longestDelay } = crawlLimits;
    const refusal = !robots.ok
      ? robots.reason
      : robots.rules.delaySeconds > longestDelay
        ? `The site wants ${robots.rules.delaySeconds} s between two pages; more than ${longestDelay} s are not waited for.`
        : undefined;
    if (!robots.ok || refusal !== undefined) return failed(journal, refusal ?? "");
    return await fetchAll(new Round(site, journal), robots.rules, headers, taken.lease, options);
  } finally {
    journal.close();
    taken.lease.release();
  }
}

async function fetchAll(
  round: Round,
  rules: RobotsRules,
  headers: Record<string, string>,
  lease: Lease,
  options: CrawlOptions,
): Promise<CrawlOutcome> {
  const { signal, fetch } = options;
  const between = Math.max(options.secondsBetween ?? crawlLimits.secondsBetween, rules.delaySeconds) * 1000;
  const tries = new Map<string, number>();
  let failures = 0;
  let free = 0;
  let told = 0;
  const tell = (): void => {
    told = performance.now();
    options.onProgress?.(liveProgress(round.site, round.record, round.queue.length));
  };

  const ready = async (): Promise<void> => {
    const wait = free - performance.now();
    if (wait > 0) await pause(wait, undefined, { signal });
    free = performance.now() + between;
    round.asked++;
  };

  for (;;) {
    signal.throwIfAborted();
    if (!lease.held()) return { kind: "taken" };
    if (performance.now() - told >= tellEvery) tell();
    const full = round.full();
    if (full !== undefined) return { kind: "done", reason: round.end(full) };
    const address = round.queue.shift();
    if (address === undefined) {
      const most = round.mapRoom;
      if (most === 0) return { kind: "done", reason: round.end() };
      // Only now: what is linked fills a small limit by itself, and costs the site no further request.
      round.list(await readSitemaps({ prefix: round.site.prefix, rules, fetch, headers, signal, most, ready }));
      continue;
    }
    if (!rules.allows(address)) {
      round.leaveOut(address, "robots.txt lets it not be fetched");
      continue;
    }
    await ready();
    const known = round.record.earlier.get(address);
    const fetched = await fetchPage({
      prefix: round.site.prefix,
      address,
      fetch,
      headers,
      ...(known ? { known } : {}),
      allows: rules.allows,
      signal,
      ...(options.pageLimits ? { limits: options.pageLimits } : {}),
    });
    if (fetched.kind !== "failed") {
      failures = 0;
      round.take(address, fetched);
      continue;
    }
    const seconds = fetched.waitSeconds ?? 0;
    if (seconds > crawlLimits.longestWait)
      return failed(
        round.journal,
        `The site asks to be left alone for ${Math.ceil(seconds / 60)} min; fetch again after that.`,
      );
    free = Math.max(free, performance.now() + seconds * 1000);
    const tried = (tries.get(address) ?? 0) + 1;
    tries.set(address, tried);
    const hopeless = tried >= crawlLimits.tries && round.record.pages.size === 0;
    if (++failures >= crawlLimits.failuresInARow || hopeless)
      return failed(round.journal, `${address} was not given: ${fetched.reason}; fetch again later.`);
    if (tried < crawlLimits.tries) round.queue.push(address);
    else round.missed(address, fetched.reason);
  }
}

function failed(journal: CrawlJournal, reason: string): CrawlOutcome {
  journal.fail(reason);
  return { kind: "failed", reason };
}
