import { type ComponentChildren, Fragment } from "preact";
import type { Citation } from "../../protocol/answer.ts";
import { fileKey, type FileState } from "../../protocol/inspection.ts";
import type { Hit } from "../../protocol/passage.ts";
import { Icon } from "./icon.tsx";
import { LongText } from "./long-text.tsx";
import { PlaceButton } from "./place-button.tsx";
import { answer, isOpen, toggle, told, trajectory, view } from "./view-model.ts";
import { legs } from "./wording.ts";

/** Records of other programs say what was found and in which order; a score is not theirs. */
const importedIndex = "imported";

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
        <span class="hit-place">
          {passage.place ? <PlaceButton place={passage.place} folder={told.value(passage.place)} /> : passage.title}
        </span>
        {trajectory.value?.index.id !== importedIndex && (
          <span class="score numeric dim" title="Fused score; comparable within one list only">
            {hit.score.toFixed(3)}
          </span>
        )}
      </div>
      <div class="hit-why dim numeric">
        <Parts
          parts={[
            inserted && <Read />,
            cited.length > 0 && <Used numbers={cited} />,
            changed && <Changed words={changed} />,
            legs(hit),
            matched.join(", "),
          ]}
        />
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

/** What is there of some parts, with a dot between each two. */
function Parts({ parts }: { parts: readonly ComponentChildren[] }) {
  const there = parts.filter(Boolean);
  return (
    <>
      {there.map((part, index) => (
        <Fragment key={index}>
          {index > 0 && " · "}
          {part}
        </Fragment>
      ))}
    </>
  );
}

function Read() {
  return (
    <span class="inserted" title="Inserted into the transcript: the policy read it">
      <Icon name="check" />
      read
    </span>
  );
}

function Used({ numbers }: { numbers: readonly Citation[] }) {
  return (
    <span class="used" title="The answer cites it">
      <Icon name="verified" /> used in {numbers.map(({ number }) => `[${number}]`).join(" ")}
    </span>
  );
}

function Changed({ words }: { words: string }) {
  return (
    <span class="stale" title={words}>
      <Icon name="history" /> {words.split(":")[0]}
    </span>
  );
}
