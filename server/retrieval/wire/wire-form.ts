import { createHash } from "node:crypto";
import type { Hit } from "../../../protocol/passage.ts";

/** A document as a remote server gives it. */
export interface WireDocument {
  id?: string;
  /** Empty where the server's document is one string. */
  title: string;
  text: string;
  score?: number;
}

/** What a client of a form asks the gateway. */
export interface Asked {
  queries: readonly string[];
  k: number;
  scores: boolean;
}

export type ReadRequest = { ok: true; asked: Asked } | { ok: false; reason: string };

/** One address that the gateway answers. */
export interface WireRoute {
  path: string;
  read(body: unknown): ReadRequest;
  /** `hits` has one list per asked query, in order. */
  write(asked: Asked, hits: readonly (readonly Hit[])[]): unknown;
}

/** How a family of retrieval servers is spoken to, from both ends. */
export interface WireForm {
  /** What a retriever's text begins with: `r1:URL`. */
  readonly name: string;
  /** Put behind the server's address. */
  readonly path: string;
  /** Whether the servers accept a query of white space alone; where not, it finds nothing without being sent. */
  readonly takesBlank: boolean;
  body(queries: readonly string[], k: number): object;
  /** One list per query, or undefined for a reply that is not of this form. */
  read(reply: unknown): WireDocument[][] | undefined;
  readonly routes: readonly WireRoute[];
}

/** A server may be asked for so many queries, of so many characters, and so many documents for each. */
export const askLimits = { queries: 4096, characters: 20_000, documents: 1000 } as const;

/** A passage's number, for clients that expect a corpus row: the same passage has the same number at any time. */
export function rowNumber(id: string): number {
  return createHash("sha256").update(id).digest().readUIntBE(0, 6);
}

/** One line, for the place where a form expects a title. */
export function titleLine(title: string): string {
  return title.replace(/\s+/g, " ").trim();
}
