import { type ComponentType, render } from "preact";
import { DrawnOrTold } from "./drawn-or-told.tsx";
import { send } from "./host.ts";
import { showUnseenCharacters } from "./visible-text.ts";

/**
 * Draws a page in its place, and tells the host what fails in it from then on. Where not even the sentence about a failure can be drawn,
 * what stood in the place before comes back: it says how to go on without the page.
 */
export function startPage(Page: ComponentType, { asText = false }: { asText?: boolean } = {}): void {
  showUnseenCharacters();
  const root = document.getElementById("viewer");
  if (!root) throw new Error("The page has no place to draw in.");
  const before = [...root.childNodes];
  const failed = (message: string): void => {
    if (root.childElementCount === 0) root.replaceChildren(...before);
    send("fault", { message });
  };
  window.addEventListener("error", ({ message }) => failed(message));
  window.addEventListener("unhandledrejection", ({ reason }) => failed(String(reason)));
  root.replaceChildren();
  render(
    <DrawnOrTold what="This page" whole asText={asText}>
      <Page />
    </DrawnOrTold>,
    root,
  );
}
