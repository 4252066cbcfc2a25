/** The part of a site that is fetched: every address of one origin whose path begins with `path`. */
export interface SitePrefix {
  /** Scheme, host and port, as `https://docs.example.org`. */
  origin: string;
  /** Begins and ends with a slash. */
  path: string;
  /** Address that the fetching begins with. */
  start: string;
}

export type PrefixReading = { ok: true; prefix: SitePrefix } | { ok: false; reason: string };

const longestAddress = 2000;
/** A slash or backslash in disguise: a server may read it as one, and lead out of the prefix. */
const disguised = /%(?:2f|5c)/i;
/** Last part of a path that names a page rather than a folder. */
const page = /\.(?:x?html?|mdx?|markdown|txt|pdf|php|aspx?|jsp)$/i;

/**
 * Reads what a person types: `docs.example.org/guide`, an address with its scheme, or the address of one page, whose folder it is then.
 * A path without a slash at its end is taken for a folder unless it ends as the name of a page does.
 */
export function parsePrefix(text: string): PrefixReading {
  const typed = text.trim();
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(typed) ? typed : `https://${typed}`;
  if (typed === "" || !URL.canParse(whole)) return { ok: false, reason: `"${text}" is no address of a site.` };
  const url = new URL(whole);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    return { ok: false, reason: "Only http and https sites are fetched." };
  if (url.username || url.password)
    return { ok: false, reason: "The address holds a name or password; only pages that anyone may read are fetched." };
  if (whole.length > longestAddress || disguised.test(url.pathname))
    return { ok: false, reason: "The address is none that is fetched: it is too long, or holds an encoded slash." };
  const last = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  const path =
    page.test(last) || last === "" ? url.pathname.slice(0, url.pathname.lastIndexOf("/") + 1) : `${url.pathname}/`;
  return { ok: true, prefix: { origin: url.origin, path, start: normalAddress(url) } };
}

/** The prefix as it is shown and kept. */
export function prefixAddress({ origin, path }: Pick<SitePrefix, "origin" | "path">): string {
  return `${origin}${path}`;
}

/** `docs.example.org/guide`: a site's name in a list. */
export function siteName({ origin, path }: Pick<SitePrefix, "origin" | "path">): string {
  return `${new URL(origin).host}${path.replace(/\/$/, "")}`;
}

/** An address inside the prefix in its one normal form, without its fragment; undefined for every other. */
export function within(prefix: SitePrefix, address: string, base?: string): string | undefined {
  if (address.length > longestAddress || !URL.canParse(address, base)) return undefined;
  // Dots in a path, also encoded ones, are resolved by the parser.
  const url = new URL(address, base);
  if (url.origin !== prefix.origin || url.username || url.password || disguised.test(url.pathname)) return undefined;
  const inside = url.pathname.startsWith(prefix.path) || `${url.pathname}/` === prefix.path;
  const normal = normalAddress(url);
  return inside && normal.length <= longestAddress ? normal : undefined;
}

function normalAddress(url: URL): string {
  const copy = new URL(url);
  copy.hash = "";
  // `?` with nothing after it names the same page.
  if (copy.search === "") copy.search = "";
  return copy.href;
}
