import { HttpError, HttpFault } from "../models/http.ts";
import type { RetrievalError, SearchOutcome } from "./retriever.ts";

/** What a failed request means for a search. `where` names the server in the sentence. Rethrows what is no failure of a request. */
export function requestError(error: unknown, where: string, signal: AbortSignal): RetrievalError {
  if (signal.aborted) return cancelled;
  if (error instanceof HttpError) return statusError(error, where);
  if (!(error instanceof HttpFault)) throw error;
  switch (error.kind) {
    case "timeout":
      return { kind: "timeout", message: `${where} did not answer in time; see whether it is overloaded.` };
    case "connection":
      return {
        kind: "unavailable",
        message: `${where} cannot be reached; start it or correct its address. ${error.message}`,
      };
    case "not-json":
    case "too-large":
      return { kind: "bad-response", message: `${where} is no such search server: ${error.message}` };
  }
}

export const cancelled: RetrievalError = { kind: "cancelled", message: "The search was cancelled." };

/** The same failure for each query of a batch. */
export function allFailed(queries: readonly string[], error: RetrievalError): SearchOutcome[] {
  return queries.map(() => ({ ok: false, error }));
}

function statusError({ status }: HttpError, where: string): RetrievalError {
  if (status === 401 || status === 403) {
    return { kind: "unavailable", message: `${where} refused the key (${status}); store the right one.` };
  }
  if (status === 402 || status === 429) {
    return {
      kind: "limit",
      message: `${where} allows no more searches for now (${status}); wait, or raise its quota.`,
    };
  }
  if (status >= 500) return { kind: "unavailable", message: `${where} failed (${status}); look into its log.` };
  return {
    kind: "bad-response",
    message: `${where} did not take the search (${status}); check that it speaks this form.`,
  };
}
