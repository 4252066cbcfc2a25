import { MarkedText } from "./marked-text.tsx";
import { isOpen, toggle } from "./view-model.ts";
import { count } from "./wording.ts";

const shownAtFirst = 1_200;

/**
 * Text as text. Of a long one the beginning is drawn, and the rest on demand; how much is left out is always said. `offset` is
 * where it begins in the trajectory's text, for those that are part of it.
 */
export function LongText({ id, text, offset }: { id: string; text: string; offset?: number }) {
  const whole = text.length <= shownAtFirst * 1.25 || isOpen(`${id}:all`);
  const drawn = whole ? text : text.slice(0, shownAtFirst);
  return (
    <div class="long-text">
      <div class="raw">{offset === undefined ? drawn : <MarkedText text={drawn} offset={offset} />}</div>
      {!whole && (
        <button type="button" class="quiet" onClick={() => toggle(`${id}:all`)}>
          Show all ({count(text.length - shownAtFirst, "more character")})
        </button>
      )}
    </div>
  );
}
