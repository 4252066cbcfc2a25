import { createHash } from "node:crypto";

/** What an answer depends on. */
export interface SearchKey {
  retriever: string;
  query: string;
  k: number;
}

/**
 * A query in the spelling under which its answer is kept: composed characters, single spaces, none at its ends. `fold` also
 * takes away the difference of capitals, which no web search sees, but which an embedding model may.
 */
export function normaliseQuery(query: string, fold = false): string {
  const plain = query.normalize("NFC").replace(/\s+/gu, " ").trim();
  return fold ? plain.toLowerCase() : plain;
}

/** A name made of hexadecimal digits alone, so that no query can become a path. */
export function keyDigest({ retriever, query, k }: SearchKey): string {
  return createHash("sha256")
    .update(JSON.stringify([retriever, query, k]))
    .digest("hex");
}
