import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type DurableLines, openDurableLines, replaceFile } from "../../durable-lines.ts";

/** Addresses that a page links to, by their place among all that were found: every page of a site links to most of the others. */
const links = z.array(z.int().min(0));

const KeptPage = z.object({
  kind: z.literal("kept"),
  address: z.string(),
  /** Name of the copy. */
  file: z.string().regex(/^[a-z0-9-]+\.[0-9a-f]+\.(?:html|md|pdf)$/),
  hash: z.string(),
  etag: z.string().optional(),
  modified: z.string().optional(),
  links,
});
export type KeptPage = z.infer<typeof KeptPage>;

const LeftOutPage = z.object({ kind: z.literal("left-out"), address: z.string(), reason: z.string(), links });

const Line = z.discriminatedUnion("kind", [
  KeptPage,
  LeftOutPage,
  /** Addresses inside the prefix, in the order in which they were found. */
  z.object({ kind: z.literal("found"), addresses: z.array(z.string()) }),
  /** Addresses that the site's own maps list; written once in a round. */
  z.object({ kind: z.literal("listed"), links }),
  /** A round over the site begins; what is fetched in it is fetched once. */
  z.object({ kind: z.literal("round") }),
  /** The round ended by itself. */
  z.object({ kind: z.literal("end"), at: z.string(), reason: z.string() }),
  /** The round was given up for the time being. */
  z.object({ kind: z.literal("failed"), reason: z.string() }),
]);
type Line = z.infer<typeof Line>;
export type PageRecord = Extract<Line, { kind: "kept" | "left-out" }>;

/** What the journal of a site comes to. */
export interface CrawlRecord {
  addresses: string[];
  /** Pages of the round in progress or, where it ended, of that round. */
  pages: Map<string, PageRecord>;
  /** Pages that were kept in rounds before: to be asked for only if they changed. */
  earlier: Map<string, KeptPage>;
  /** What the site's maps list; undefined where they were not read in this round. */
  listed?: readonly number[];
  /** How the round ended by itself; undefined where it was cut off or none has begun. */
  end?: { at: string; reason: string };
  failure?: string;
  begun: boolean;
}

/** Reads how far the fetching of a site is. A damaged line is skipped: its page is fetched again. */
export function readCrawl(home: string): CrawlRecord {
  const record: CrawlRecord = { addresses: [], pages: new Map(), earlier: new Map(), begun: false };
  const file = journalOf(home);
  if (!existsSync(file)) return record;
  for (const text of readFileSync(file, "utf8").split("\n")) {
    const line = parsed(text);
    if (line) apply(record, line);
  }
  return record;
}

/** The journal of a site, open for writing: a line is on disk when its method returns. */
export class CrawlJournal {
  readonly #home: string;
  #lines: DurableLines;
  readonly record: CrawlRecord;
  readonly #ids: Map<string, number>;

  constructor(home: string) {
    mkdirSync(home, { recursive: true });
    this.#home = home;
    this.record = readCrawl(home);
    this.#ids = new Map(this.record.addresses.map((address, id) => [address, id]));
    this.#lines = openDurableLines(journalOf(home));
  }

  /** Goes on with a round that was cut off, or begins one. */
  begin(): void {
    if (!this.record.begun || this.record.end) this.#write({ kind: "round" });
    else delete this.record.failure;
  }

  add(page: PageRecord): void {
    this.#write(page);
  }

  /** The numbers of addresses. Those that are beyond `most` in all are left out, so that no site fills the disk with names. */
  idsOf(addresses: readonly string[], most: number): number[] {
    const fresh = [...new Set(addresses.filter((address) => !this.#ids.has(address)))];
    const room = Math.max(0, most - this.record.addresses.length);
    if (fresh.length > 0 && room > 0) {
      for (const [at, address] of fresh.slice(0, room).entries())
        this.#ids.set(address, this.record.addresses.length + at);
      this.#write({ kind: "found", addresses: fresh.slice(0, room) });
    }
    return addresses.flatMap((address) => this.#ids.get(address) ?? []);
  }

  list(ids: readonly number[]): void {
    this.#write({ kind: "listed", links: [...ids] });
  }

  fail(reason: string): void {
    this.#write({ kind: "failed", reason });
  }

  /** Ends the round, and writes the journal anew without what the round replaced. */
  end(reason: string): void {
    this.#write({ kind: "end", at: new Date().toISOString(), reason });
    this.#lines.close();
    const { addresses, pages, end } = this.record;
    const lines: Line[] = [
      { kind: "found", addresses },
      { kind: "round" },
      ...pages.values(),
      { kind: "end", ...end! },
    ];
    replaceFile(journalOf(this.#home), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    this.#lines = openDurableLines(journalOf(this.#home));
  }

  close(): void {
    this.#lines.close();
  }

  #write(line: Line): void {
    this.#lines.append([JSON.stringify(line)]);
    apply(this.record, line);
  }
}

/** Addresses that were found in this round and are not fetched yet, in the order in which they were found. */
export function waitingAddresses(record: CrawlRecord, start: string): string[] {
  const found = new Set([start]);
  const linked = new Set<number>();
  for (const page of record.pages.values()) for (const id of page.links) linked.add(id);
  // What pages link to comes first: a start page leads to what matters, a map lists everything.
  for (const id of record.listed ?? []) linked.add(id);
  for (const id of linked) {
    const address = record.addresses[id];
    if (address !== undefined) found.add(address);
  }
  return [...found].filter((address) => !record.pages.has(address));
}

function apply(record: CrawlRecord, line: Line): void {
  switch (line.kind) {
    case "found":
      record.addresses.push(...line.addresses);
      return;
    case "round":
      for (const page of record.pages.values()) if (page.kind === "kept") record.earlier.set(page.address, page);
      record.pages = new Map();
      record.begun = true;
      delete record.end;
      delete record.failure;
      delete record.listed;
      return;
    case "listed":
      record.listed = line.links;
      return;
    case "end":
      record.end = { at: line.at, reason: line.reason };
      delete record.failure;
      return;
    case "failed":
      record.failure = line.reason;
      return;
    case "kept":
    case "left-out":
      record.pages.set(line.address, line);
  }
}

function parsed(text: string): Line | undefined {
  try {
    return Line.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function journalOf(home: string): string {
  return join(home, "fetched.jsonl");
}
