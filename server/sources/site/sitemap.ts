import { gunzipSync } from "node:zlib";
import { Parser } from "htmlparser2";
import { readUpTo } from "../../models/http.ts";
import type { RobotsRules } from "./robots.ts";
import { type SitePrefix, within } from "./site-prefix.ts";

export interface SitemapRequest {
  prefix: SitePrefix;
  rules: RobotsRules;
  fetch: typeof globalThis.fetch;
  headers: Record<string, string>;
  signal: AbortSignal;
  /** Addresses that are wanted at most. */
  most: number;
  /** Awaited before each request: a site is asked politely for its maps as well. */
  ready(): Promise<void>;
}

export const sitemapLimits = { maps: 20, bytes: 10 * 2 ** 20, seconds: 20, redirects: 3 } as const;

/**
 * Addresses below the prefix that a site lists in its maps (the sitemaps.org protocol, version 0.9): those that its `robots.txt` names, else
 * `sitemap.xml` in the prefix or at the root; maps of maps as well. What cannot be had or read lists nothing, since every page that counts
 * may also be linked. Rejects only when the signal fires.
 */
export async function readSitemaps(request: SitemapRequest): Promise<string[]> {
  const { prefix, rules, most } = request;
  const { origin, path } = prefix;
  const usual = [...new Set([`${origin}${path}sitemap.xml`, `${origin}/sitemap.xml`])];
  const isUsual = rules.sitemaps.length === 0;
  const waiting = isUsual ? usual : [...rules.sitemaps];
  const asked = new Set<string>();
  const found = new Set<string>();
  while (waiting.length > 0 && asked.size < sitemapLimits.maps && found.size < most) {
    const address = ownAddress(waiting.shift()!, origin);
    if (address === undefined || asked.has(address) || !rules.allows(address)) continue;
    asked.add(address);
    const map = await fetchMap(address, request);
    if (!map) continue;
    waiting.push(...map.maps);
    for (const page of map.pages) {
      const inside = within(prefix, page, address);
      if (inside !== undefined && found.size < most) found.add(inside);
    }
    // One of the usual places is enough; the root's would list the whole host.
    if (isUsual && usual.includes(address)) waiting.splice(0, waiting.length, ...map.maps);
  }
  return [...found];
}

/** Follows no map to another host. */
function ownAddress(address: string, origin: string): string | undefined {
  if (!URL.canParse(address, origin)) return undefined;
  const url = new URL(address, origin);
  return url.origin === origin && !url.username && !url.password ? url.href : undefined;
}

interface SiteMap {
  pages: string[];
  maps: string[];
}

async function fetchMap(
  first: string,
  { rules, fetch, headers, signal, ready }: SitemapRequest,
): Promise<SiteMap | undefined> {
  let address = first;
  for (let hop = 0; hop <= sitemapLimits.redirects; hop++) {
    await ready();
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(sitemapLimits.seconds * 1000)]);
      const response = await fetch(address, { headers, signal: limit, redirect: "manual" });
      const location = response.headers.get("location");
      if (response.status !== 200) await response.body?.cancel();
      if (response.status >= 300 && response.status < 400 && location && URL.canParse(location, address)) {
        const next = ownAddress(new URL(location, address).href, new URL(first).origin);
        if (next === undefined || !rules.allows(next)) return undefined;
        address = next;
        continue;
      }
      if (response.status !== 200) return undefined;
      const { bytes, cut } = await readUpTo(response, sitemapLimits.bytes);
      return cut ? undefined : parseMap(unpacked(bytes));
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }
  return undefined;
}

function unpacked(bytes: Uint8Array): string {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return new TextDecoder().decode(isGzip ? gunzipSync(bytes, { maxOutputLength: sitemapLimits.bytes }) : bytes);
}

/** What a map lists: pages, and further maps. A map of plain text has an address on each line. */
export function parseMap(source: string): SiteMap {
  if (!/^\s*(?:\ufeff)?\s*</u.test(source)) {
    const lines = source.split(/\r?\n/).map((line) => line.trim());
    return { pages: lines.filter((line) => /^https?:\/\//i.test(line)), maps: [] };
  }
  const map: SiteMap = { pages: [], maps: [] };
  const open: string[] = [];
  let location = "";
  const parser = new Parser(
    {
      onopentag(name) {
        open.push(local(name));
        if (open.at(-1) === "loc") location = "";
      },
      ontext(text) {
        if (open.at(-1) === "loc") location += text;
      },
      onclosetag(name) {
        open.pop();
        if (local(name) !== "loc" || location.trim() === "") return;
        if (open.at(-1) === "url") map.pages.push(location.trim());
        else if (open.at(-1) === "sitemap") map.maps.push(location.trim());
      },
    },
    { xmlMode: true, decodeEntities: true },
  );
  parser.end(source);
  return map;
}

/** The name without its namespace. */
function local(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}
