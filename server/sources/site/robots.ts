import robotsParser from "robots-parser";
import { readUpTo } from "../../models/http.ts";
import type { SitePrefix } from "./site-prefix.ts";

/** The name by which a site's rules speak of this program. */
export const robotsName = "searchlight";

/** What a site lets be fetched. */
export interface RobotsRules {
  allows(address: string): boolean;
  /** Seconds that the site wants between two requests. */
  delaySeconds: number;
  /** Addresses of the maps that the site names, as they stand there. */
  sitemaps: readonly string[];
}

export type RobotsReading = { ok: true; rules: RobotsRules } | { ok: false; reason: string };

/** RFC 9309 has a parser read at least so much. */
const mostBytes = 500 * 1024;
const hops = 5;

// The package's default export is described for another way of importing it.
const parse = robotsParser as unknown as (
  address: string,
  content: string,
) => {
  isAllowed(address: string, name: string): boolean | undefined;
  getCrawlDelay(name: string): number | undefined;
  getSitemaps(): string[];
};

/**
 * Reads a site's `robots.txt` as RFC 9309 has it: none (400 to 499) lets everything be fetched; a site that does not answer, or fails,
 * lets nothing be fetched. Its redirects are followed inside the site's own origin alone.
 */
export async function readRobots(
  prefix: SitePrefix,
  fetch: typeof globalThis.fetch,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<RobotsReading> {
  const address = `${prefix.origin}/robots.txt`;
  let at = address;
  for (let hop = 0; hop <= hops; hop++) {
    let response: Response;
    try {
      response = await fetch(at, { headers, signal, redirect: "manual" });
    } catch (error) {
      signal.throwIfAborted();
      const { cause } = error as { cause?: NodeJS.ErrnoException };
      return { ok: false, reason: `${prefix.origin} cannot be reached${cause?.code ? ` (${cause.code})` : ""}.` };
    }
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location && URL.canParse(location, at)) {
      await response.body?.cancel();
      const next = new URL(location, at);
      if (next.origin !== prefix.origin)
        return {
          ok: false,
          reason: `${prefix.origin} leads to ${next.origin}; remove this site and add it by that address.`,
        };
      at = next.href;
      continue;
    }
    if (response.status >= 400 && response.status < 500 && response.status !== 429) {
      await response.body?.cancel();
      return { ok: true, rules: { allows: () => true, delaySeconds: 0, sitemaps: [] } };
    }
    if (!response.ok) {
      await response.body?.cancel();
      return {
        ok: false,
        reason: `${address} answered ${response.status}, so nothing may be fetched; try again later.`,
      };
    }
    const { bytes } = await readUpTo(response, mostBytes);
    return { ok: true, rules: rulesOf(address, new TextDecoder().decode(bytes)) };
  }
  return { ok: false, reason: `${address} redirects too often, so nothing may be fetched.` };
}

function rulesOf(address: string, content: string): RobotsRules {
  const robots = parse(address, content);
  const delay = robots.getCrawlDelay(robotsName);
  return {
    allows: (page) => robots.isAllowed(page, robotsName) !== false,
    delaySeconds: delay !== undefined && Number.isFinite(delay) && delay > 0 ? delay : 0,
    sitemaps: robots.getSitemaps(),
  };
}
