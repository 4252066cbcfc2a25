import { isOpen, toggle } from "./view-model.ts";
import { count } from "./wording.ts";

const shownAtFirst = 1_200;

/** Text as text. Of a long one the beginning is drawn, and the rest on demand; how much is left out is always said. */
export function LongText({ id, text }: { id: string; text: string }) {
  const whole = text.length <= shownAtFirst * 1.25 || isOpen(`${id}:all`);
  return (
    <div class="long-text">
      <div class="raw">{whole ? text : text.slice(0, shownAtFirst)}</div>
      {!whole && (
        <button type="button" class="quiet" onClick={() => toggle(`${id}:all`)}>
          Show all ({count(text.length - shownAtFirst, "more character")})
        </button>
      )}
    </div>
  );
}
