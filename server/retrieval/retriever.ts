import type { FolderRef } from "../../protocol/place.ts";
import type { Hit } from "../../protocol/passage.ts";

/** What one query of a batch came to. An error is data: it never enters a transcript as a document. */
export type SearchOutcome =
  | { ok: true; hits: Hit[]; seconds: number; cached: boolean }
  | { ok: false; error: RetrievalError };

/** `limit`: a quota or a budget is used up; `not-recorded`: a replay holds no answer to the query. */
export type RetrievalErrorKind = "unavailable" | "timeout" | "bad-response" | "cancelled" | "limit" | "not-recorded";

export interface RetrievalError {
  kind: RetrievalErrorKind;
  /** One sentence: what happened and what to do. */
  message: string;
}

/** Where a loop searches: the local index, a remote retrieval server, the web. One call carries all queries of a turn. */
export interface Retriever {
  readonly id: string;
  readonly folders: readonly FolderRef[];
  /** What share of the documents can be found at the moment, in words; undefined when complete. */
  coverage(): string | undefined;
  /** One outcome per query, in order. Rejects only for a bug. */
  search(queries: readonly string[], k: number, signal: AbortSignal): Promise<SearchOutcome[]>;
}
