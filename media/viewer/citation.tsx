import type { Citation } from "../../protocol/answer.ts";
import { formatToldPlace } from "../../protocol/told-folders.ts";
import { send } from "./host.ts";
import { Icon } from "./icon.tsx";
import { PlaceButton } from "./place-button.tsx";
import { told } from "./view-model.ts";
import { citationStatus } from "./wording.ts";

/** `[1]` after a sentence. Opens the place of its quote. */
export function CitationChip({ citation }: { citation: Citation }) {
  const { number, quote, place, title, status } = citation;
  const where = place ? formatToldPlace(place, told.value) : title;
  const { icon, words } = citationStatus[status];
  return (
    <button
      type="button"
      class={`chip status-${status}`}
      title={`“${quote}”\n${where}\n${words}`}
      aria-label={`Citation ${number}, ${where}, ${words}`}
      disabled={!place}
      onClick={() => place && send("open", { place })}
    >
      {number}
      <Icon name={icon} />
    </button>
  );
}

/** A citation in full: quote, place, and what re-reading the file said. */
export function CitationItem({ citation }: { citation: Citation }) {
  const { number, quote, place, title, status } = citation;
  const { icon, words } = citationStatus[status];
  return (
    <li class="citation" value={number}>
      <span class="citation-number numeric">{number}</span>
      <div class="citation-body">
        <blockquote>{quote}</blockquote>
        <div class="citation-where">
          {place ? <PlaceButton place={place} folder={told.value(place)} /> : <span>{title}</span>}
          <span class={`status status-${status}`} title={words}>
            <Icon name={icon} /> {status}
            <span class="unseen">{words.slice(status.length)}</span>
          </span>
        </div>
      </div>
    </li>
  );
}
