import type { Result } from "../../protocol/message.ts";
import type { toClient } from "../../protocol/server-messages.ts";

export type ModelFault = Extract<Result<(typeof toClient)["editorModel"]>, { status: "error" }>;

const unavailable = "choose another model with “Searchlight: Choose Model…”";

/** What an error of the editor's language model interface means for a rollout. `code` is `LanguageModelError.code`. */
export function modelFault(
  error: { code?: unknown; name?: unknown; message?: unknown },
  cancelled: boolean,
): ModelFault {
  const detail = typeof error.message === "string" && error.message ? error.message : "no reason given";
  const fault = (kind: ModelFault["kind"], message: string): ModelFault => ({ status: "error", kind, message });
  if (cancelled || error.name === "Canceled" || error.name === "CancellationError") {
    return fault("cancelled", "The request to the editor's model was cancelled.");
  }
  switch (error.code) {
    case "NoPermissions":
      return fault(
        "unauthorised",
        `Searchlight may not use this model (${detail}); allow it in the editor, or ${unavailable}.`,
      );
    case "Blocked":
      return fault("refused", `The model's provider refused the request (${detail}); wait or ${unavailable}.`);
    case "NotFound":
      return fault("unavailable", `The model is not there any more (${detail}); ${unavailable}.`);
  }
  if (/context (length|window)|too (long|large|many tokens)|token limit|max.{0,20}tokens/i.test(detail)) {
    return fault("too-long", `The text is too long for this model (${detail}); ${unavailable}.`);
  }
  return fault("bad-response", `The editor's model failed (${detail}); try again or ${unavailable}.`);
}
