import type { ComponentChildren } from "preact";
import { useEffect, useErrorBoundary } from "preact/hooks";
import { send } from "./host.ts";
import { Icon } from "./icon.tsx";

interface Props {
  /** As a sentence about it begins: "This page". */
  what: string;
  /** It is all of the page. */
  whole?: boolean;
  /** Names what is drawn: where another one's turn comes, drawing is tried again. */
  of?: string;
  /** What it shows can be opened as text. */
  asText?: boolean;
  children: ComponentChildren;
}

/**
 * Draws what is inside of it. Where that throws, the host is told, and a sentence stands in its place with the ways to go on: without it
 * everything would be gone and nothing said.
 */
export function DrawnOrTold({ what, whole = false, of, asText = false, children }: Props) {
  const [error, tryAgain] = useErrorBoundary();
  // Several parts may throw in one drawing; they are one failure.
  useEffect(() => {
    if (error !== undefined) send("fault", { message: messageOf(error) });
  }, [error]);
  useEffect(() => {
    if (error !== undefined) tryAgain();
  }, [of]);
  if (error === undefined) return <>{children}</>;
  const told = (
    <div class="empty" role="alert">
      <h1>
        <Icon name="error" /> {what} could not be drawn
      </h1>
      <p>{messageOf(error)}</p>
      <p>Nothing is lost: only the showing failed.</p>
      <button type="button" class="button" onClick={() => send("reload", {})}>
        Reload
      </button>
      {asText && (
        <button type="button" class="button secondary" onClick={() => send("asText", {})}>
          Open as Text
        </button>
      )}
    </div>
  );
  return whole ? <main>{told}</main> : told;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
