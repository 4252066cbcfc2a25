import { type LookupAddress, promises as dns } from "node:dns";
import { type LookupFunction, isIP } from "node:net";
import { guardedDispatcher, hasProxy, httpFetch, readUpTo } from "../../models/http.ts";
import { pageText } from "./page-text.ts";
import { isPublicAddress } from "./public-address.ts";

export type PageResult = { ok: true; text: string } | { ok: false; reason: string };

/** Reads the text of a page. Never rejects: a page that cannot be read has a reason. */
export type ReadPage = (url: string, signal: AbortSignal) => Promise<PageResult>;

export interface PageOptions {
  /** Time for one page with all its redirects. */
  seconds?: number;
  /** What is longer is cut, not refused: the beginning of a page is worth reading. */
  maxBytes?: number;
  redirects?: number;
  proxy?: string;
  /** Which IP addresses may be reached. */
  allows?: (address: string) => boolean;
  /** All addresses of a host. */
  resolve?: (host: string) => Promise<LookupAddress[]>;
}

const defaults = { seconds: 15, maxBytes: 2 * 2 ** 20, redirects: 5 };
const refused = "its address is not one of the public internet";

class Unreadable extends Error {}

/**
 * A reader for pages that a search engine named: such an address may lead anywhere, so neither it nor a redirect of it
 * reaches this machine or a private network. The name is resolved and judged by the connection itself, so that no second
 * answer of a name server can differ from the one that was judged.
 */
export function pageReader(options: PageOptions = {}): ReadPage {
  const allows = options.allows ?? isPublicAddress;
  const resolve = options.resolve ?? ((host) => dns.lookup(host, { all: true }));
  const proxied = hasProxy(options.proxy);
  const fetch = httpFetch(guardedDispatcher(guardedLookup(resolve, allows), options.proxy));

  /** A proxy resolves names itself, so what this machine knows of them is judged before; a name it does not know is left to the proxy. */
  async function judge(url: URL): Promise<void> {
    if (url.protocol !== "http:" && url.protocol !== "https:")
      throw new Unreadable("its address is neither http nor https");
    if (url.username || url.password) throw new Unreadable("its address holds a name or password");
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (isIP(host)) {
      if (!allows(host)) throw new Unreadable(refused);
    } else if (proxied) {
      if (!host.includes(".") || /\.(local|localhost|internal|lan|home\.arpa)\.?$/.test(host))
        throw new Unreadable(refused);
      const known = await resolve(host).catch(() => []);
      if (known.some(({ address }) => !allows(address))) throw new Unreadable(refused);
    }
  }

  async function read(address: string, signal: AbortSignal): Promise<string> {
    let url = new URL(address);
    for (let hop = 0; hop <= (options.redirects ?? defaults.redirects); hop++) {
      await judge(url);
      const response = await fetch(url, { signal, redirect: "manual", headers });
      const location = response.headers.get("location");
      if (response.status >= 300 && response.status < 400 && location) {
        await response.body?.cancel();
        url = new URL(location, url);
        continue;
      }
      if (!response.ok) throw new Unreadable(`it answered ${response.status}`);
      const type = response.headers.get("content-type") ?? "text/html";
      if (!/^(text\/(html|plain)|application\/xhtml\+xml)\b/i.test(type))
        throw new Unreadable(`it is ${type.split(";")[0]}, no text`);
      const { bytes } = await readUpTo(response, options.maxBytes ?? defaults.maxBytes);
      return pageText(bytes, type);
    }
    throw new Unreadable("it redirects too often");
  }

  return async (address, signal) => {
    const limit = AbortSignal.timeout((options.seconds ?? defaults.seconds) * 1000);
    try {
      return { ok: true, text: await read(address, AbortSignal.any([signal, limit])) };
    } catch (error) {
      return { ok: false, reason: limit.aborted ? "it took too long" : reasonOf(error) };
    }
  };
}

const headers = { accept: "text/html, text/plain;q=0.8", "user-agent": "searchlight" };

function guardedLookup(
  resolve: (host: string) => Promise<LookupAddress[]>,
  allows: (address: string) => boolean,
): LookupFunction {
  return (host, options, callback) => {
    resolve(host).then(
      (addresses) => {
        const [first] = addresses;
        if (!first || !addresses.every(({ address }) => allows(address))) callback(new Unreadable(refused), "");
        else if (options.all) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ""),
    );
  };
}

/** undici keeps what failed in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  for (const one of [error, cause]) if (one instanceof Unreadable) return one.message;
  return `it cannot be reached${cause?.code ? ` (${cause.code})` : ""}`;
}
