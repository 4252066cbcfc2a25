import type { Hit } from "../../protocol/passage.ts";
import { Icon } from "./icon.tsx";
import { LongText } from "./long-text.tsx";
import { PlaceButton } from "./place-button.tsx";
import { isOpen, toggle } from "./view-model.ts";
import { legs } from "./wording.ts";

/** One hit: rank, place, whether the policy got to read it, and on demand why it was found and its text. */
export function HitRow({ hit, id, inserted }: { hit: Hit; id: string; inserted: boolean }) {
  const { passage, rank, matched } = hit;
  const open = isOpen(id);
  return (
    <li class="hit">
      <div class="hit-row">
        <button
          type="button"
          class="fold-button"
          aria-expanded={open}
          aria-label={`Hit ${rank}: ${passage.title}, ${inserted ? "inserted" : "not inserted"}`}
          onClick={() => toggle(id)}
        >
          <Icon name={open ? "chevron-down" : "chevron-right"} />
          <span class="rank numeric">{rank}</span>
        </button>
        <span class="hit-place">{passage.place ? <PlaceButton place={passage.place} /> : passage.title}</span>
      </div>
      <div class="hit-why dim numeric">
        {inserted && (
          <span class="inserted" title="Inserted into the transcript: the policy read it">
            <Icon name="check" />
            read ·{" "}
          </span>
        )}
        {[legs(hit), matched.join(", ")].filter(Boolean).join(" · ")}
      </div>
      {open && (
        <div class="hit-text">
          {passage.title && <div class="hit-title">{passage.title}</div>}
          <LongText id={id} text={passage.text} />
        </div>
      )}
    </li>
  );
}
