import { fileKey, type FileState } from "../../protocol/inspection.ts";
import type { Hit } from "../../protocol/passage.ts";
import { Icon } from "./icon.tsx";
import { LongText } from "./long-text.tsx";
import { PlaceButton } from "./place-button.tsx";
import { answer, isOpen, toggle, view } from "./view-model.ts";
import { legs } from "./wording.ts";

const changedWords: Readonly<Partial<Record<FileState, string>>> = {
  changed: "stale: the file changed since it was searched",
  gone: "missing: the file cannot be read",
};

/**
 * One hit: rank, place, whether the policy got to read it and the answer cites it, whether its file changed since, and on demand
 * its text.
 */
export function HitRow({ hit, id, inserted }: { hit: Hit; id: string; inserted: boolean }) {
  const { passage, rank, matched } = hit;
  const open = isOpen(id);
  const cited = answer.value?.citations.filter(({ passage: of }) => of === passage.id) ?? [];
  const changed = passage.place && changedWords[view.value.files.get(fileKey(passage.place)) ?? "same"];
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
        <span class="score numeric dim" title="Fused score; comparable within one list only">
          {hit.score.toFixed(3)}
        </span>
      </div>
      <div class="hit-why dim numeric">
        {inserted && (
          <span class="inserted" title="Inserted into the transcript: the policy read it">
            <Icon name="check" />
            read ·{" "}
          </span>
        )}
        {cited.length > 0 && (
          <span class="used" title="The answer cites it">
            <Icon name="verified" /> used in {cited.map(({ number }) => `[${number}]`).join(" ")} ·{" "}
          </span>
        )}
        {changed && (
          <span class="stale" title={changed}>
            <Icon name="history" /> {changed.split(":")[0]} ·{" "}
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
