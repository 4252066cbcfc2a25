import type { IndexStatus } from "../../protocol/index-status.ts";
import type { ServerState } from "../client/server-link.ts";
import { indexBanner } from "./index-text.ts";

/** The one sentence above everything in the view: trouble with the server first, then with the index. */
export function viewBanner(
  server: ServerState,
  crashed: boolean,
  statuses: readonly IndexStatus[],
): string | undefined {
  if (server === "given-up") return "The server stopped five times in three minutes and is not started again.";
  if (server === "waiting" || (crashed && server === "starting"))
    return "The server stopped unexpectedly and is being restarted.";
  if (crashed && server === "running") return "The server stopped unexpectedly and was restarted.";
  return indexBanner(statuses);
}
