import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../../durable-lines.ts";
import { type CrawlJournal, type CrawlRecord, type KeptPage, waitingAddresses } from "./crawl-journal.ts";
import type { FetchedPage } from "./fetch-page.ts";
import { copyPage } from "./page-copy.ts";
import { pageFile } from "./page-file.ts";
import type { Site } from "./site-home.ts";
import { within } from "./site-prefix.ts";
import { copiesOf } from "./site-progress.ts";

export const roundLimits = {
  /** Requests a round may take, as a multiple of the pages it may keep: pages that are left out cost requests too. */
  requestsPerPage: 5,
  /** Addresses that are remembered, as a multiple of the pages that may be kept. */
  addressesPerPage: 20,
  leastAddresses: 1000,
  /** Bytes of all copies together. */
  bytes: 500 * 2 ** 20,
} as const;

/** One round over a site: what is still to be asked for, and what becomes of each page that comes. */
export class Round {
  readonly site: Site;
  readonly journal: CrawlJournal;
  readonly queue: string[];
  /** Requests that were made in this call of the crawl. */
  asked = 0;
  /** Every address that is, or was, in the queue. */
  readonly #found: Set<string>;
  /** Address of the kept page with a content, by its hash. */
  readonly #contents: Map<string, string>;
  #kept: number;
  #bytes: number;

  constructor(site: Site, journal: CrawlJournal) {
    this.site = site;
    this.journal = journal;
    this.queue = waitingAddresses(journal.record, site.prefix.start);
    this.#found = new Set([...this.queue, ...journal.record.pages.keys()]);
    const kept = this.#keptPages();
    this.#kept = kept.length;
    this.#contents = new Map(kept.map(({ hash, address }) => [hash, address]));
    this.#bytes = copiesOf(site).reduce((sum, name) => sum + sizeOf(join(site.folder.path, name)), 0);
  }

  get record(): CrawlRecord {
    return this.journal.record;
  }

  /** Why no further page is fetched; undefined while there is room. */
  full(): string | undefined {
    const { pages } = this.site;
    if (this.queue.length === 0) return undefined;
    if (this.#kept >= pages)
      return `The limit of ${pages} pages is reached; ${this.queue.length} addresses that were found are not fetched.`;
    if (this.asked >= pages * roundLimits.requestsPerPage)
      return `Fetching ended after ${this.asked} requests: most of them came to no page that is kept.`;
    if (this.#bytes >= roundLimits.bytes)
      return `The copies take ${Math.round(roundLimits.bytes / 2 ** 20)} MiB, so no more pages are fetched.`;
    return undefined;
  }

  /** Addresses that may still be remembered where the site's maps were not read in this round and more pages may be kept; 0 otherwise. */
  get mapRoom(): number {
    if (this.record.listed !== undefined || this.#kept >= this.site.pages) return 0;
    return Math.max(0, this.#mostAddresses - this.record.addresses.length);
  }

  /** Takes over what the site's maps list. */
  list(addresses: readonly string[]): void {
    const ids = this.journal.idsOf(addresses, this.#mostAddresses);
    this.journal.list(ids);
    this.#wait(ids);
  }

  leaveOut(address: string, reason: string, links: readonly string[] = []): void {
    this.#note({ kind: "left-out", address, reason }, links);
  }

  /** A page that the site did not give: what is there of it from before is kept. */
  missed(address: string, reason: string): void {
    const before = this.record.earlier.get(address);
    if (before) this.#keepAsItWas(before);
    else this.leaveOut(address, reason);
  }

  take(asked: string, fetched: Exclude<FetchedPage, { kind: "failed" }>): void {
    if (fetched.kind === "refused") return this.leaveOut(asked, fetched.reason);
    if (fetched.kind === "unchanged")
      return this.missed(asked, "the site calls it unchanged, and there is no copy of it");
    const { address } = fetched;
    if (address !== asked) {
      const known = this.#found.has(address);
      this.#found.add(address);
      this.leaveOut(asked, `it leads to ${address}`);
      // That page comes by itself, or came.
      if (known) return;
    }
    this.#take(address, fetched);
  }

  /** Ends the round: copies of pages that are no more go. Answers the reason that the journal gives for the end. */
  end(full?: string): string {
    const kept = new Set(this.#keptPages().map(({ file }) => file));
    for (const name of copiesOf(this.site))
      if (!kept.has(name)) rmSync(join(this.site.folder.path, name), { force: true });
    const reason = full ?? `Every page that was found below the address is fetched: ${this.#kept} kept.`;
    this.journal.end(reason);
    return reason;
  }

  #take(address: string, page: Extract<FetchedPage, { kind: "page" }>): void {
    const copy = copyPage(address, page.bytes, page.type, page.directives);
    const base =
      copy.base !== undefined && URL.canParse(copy.base, address) ? new URL(copy.base, address).href : address;
    const links = [...new Set(copy.links.flatMap((link) => within(this.site.prefix, link, base) ?? []))];
    if (copy.refusesIndex) return this.leaveOut(address, "it asks not to be kept (noindex)", links);
    if (!copy.hasText) return this.leaveOut(address, "it has no text without its scripts", links);
    const twin = this.#contents.get(copy.hash);
    if (twin !== undefined) return this.leaveOut(address, `it says the same as ${twin}`, links);
    const file = pageFile(address, copy.extension);
    const path = join(this.site.folder.path, file);
    // A copy that says what it said keeps its time, so that the index has nothing to read.
    if (this.record.earlier.get(address)?.hash !== copy.hash || sizeOf(path) === 0) {
      this.#bytes += Buffer.byteLength(copy.content) - sizeOf(path);
      replaceFile(path, copy.content);
    }
    this.#contents.set(copy.hash, address);
    this.#kept++;
    const { etag, modified } = page;
    this.#note(
      {
        kind: "kept",
        address,
        file,
        hash: copy.hash,
        ...(etag === undefined ? {} : { etag }),
        ...(modified === undefined ? {} : { modified }),
      },
      links,
    );
  }

  #keepAsItWas(page: KeptPage): void {
    this.#contents.set(page.hash, page.address);
    this.#kept++;
    const links = page.links.flatMap((id) => this.record.addresses[id] ?? []);
    this.#note(page, links);
  }

  #note(
    page: Omit<KeptPage, "links"> | { kind: "left-out"; address: string; reason: string },
    links: readonly string[],
  ): void {
    const ids = this.journal.idsOf(links, this.#mostAddresses);
    this.journal.add({ ...page, links: ids });
    this.#wait(ids);
  }

  #wait(ids: readonly number[]): void {
    for (const id of ids) {
      const address = this.record.addresses[id]!;
      if (this.#found.has(address)) continue;
      this.#found.add(address);
      this.queue.push(address);
    }
  }

  get #mostAddresses(): number {
    return Math.max(roundLimits.leastAddresses, this.site.pages * roundLimits.addressesPerPage);
  }

  #keptPages(): KeptPage[] {
    return [...this.record.pages.values()].filter((page) => page.kind === "kept");
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
