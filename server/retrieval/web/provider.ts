/** A result of a web search as every provider has it. */
export interface WebResult {
  url: string;
  title: string;
  snippet: string;
}

export interface WebQuery {
  query: string;
  /** Results wanted. */
  count: number;
  /** Only pages of this host, e.g. `en.wikipedia.org`. */
  site?: string;
}

/** One HTTP request; GET where there is no body. */
export interface WebRequest {
  url: string;
  headers: Record<string, string>;
  body?: object;
}

/** A search API: how it is asked and how its reply reads. Pure: nothing here makes a request. */
export interface WebProvider {
  readonly name: string;
  readonly label: string;
  /** The API's own address; absent for software that people run themselves. */
  readonly base?: string;
  /** Environment variable of its key; absent where none is needed. */
  readonly keyName?: string;
  request(query: WebQuery, base: string, key: string): WebRequest;
  /** Undefined for a reply that is not this provider's. */
  read(reply: unknown): WebResult[] | undefined;
}

/** Search engines take the restriction as a part of the query. */
export function withSite({ query, site }: WebQuery): string {
  return site ? `${query} site:${site}` : query;
}

/** Addresses that a browser would open; a result with another one is left out. */
export function isWebAddress(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}
