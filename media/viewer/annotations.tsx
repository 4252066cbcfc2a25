import { useLayoutEffect, useRef } from "preact/hooks";
import type { Note } from "../../protocol/annotations.ts";
import {
  annotate,
  canAnnotate,
  collect,
  startNoteOnSelection,
  startTag,
  stopWriting,
  write,
  writing,
} from "./annotate.ts";
import { Icon } from "./icon.tsx";
import { jumpTo, placeWords } from "./jump.ts";
import { NoteForm } from "./note-form.tsx";
import { annotations, chosenSpan, noteSpan, view } from "./view-model.ts";

/** What people said of the trajectory, and the ways to say more: tags, notes, exclusion, and the files it can be added to. */
export function AnnotationsPart({ tags: known = [] }: { tags?: readonly string[] }) {
  const said = annotations.value;
  if (!said || !canAnnotate() || view.value.live) return null;
  const { tags, excluded, notes } = said;
  return (
    <section class="annotations" aria-label="Annotations">
      {(tags.length > 0 || excluded) && (
        <ul class="tag-list" aria-label="Tags">
          {excluded && (
            <li class="tag-chip excluded">
              <Icon name="circle-slash" /> excluded from training
            </li>
          )}
          {tags.map((tag) => (
            <li key={tag} class="tag-chip">
              {tag}
              <button
                type="button"
                class="quiet"
                aria-label={`Remove the tag ${tag}`}
                onClick={() => annotate({ kind: "tag", tag, on: false })}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div class="annotate" role="group" aria-label="Annotate">
        <button type="button" class="quiet" onClick={startTag}>
          <Icon name="tag" /> Tag
        </button>
        <button
          type="button"
          class="quiet"
          title="About the selected words, or the whole trajectory; n on a segment writes about that"
          onMouseDown={(event) => event.preventDefault()}
          onClick={startNoteOnSelection}
        >
          <Icon name="note" /> Note
        </button>
        <button
          type="button"
          class="quiet"
          aria-pressed={excluded}
          title="A supervised start leaves excluded trajectories out"
          onClick={() => annotate({ kind: "exclude", on: !excluded })}
        >
          <Icon name="circle-slash" /> Exclude from training
        </button>
        <button type="button" class="quiet" onClick={() => collect("evaluation")}>
          <Icon name="add" /> Add to evaluation set…
        </button>
        <button type="button" class="quiet" onClick={() => collect("tests")}>
          <Icon name="beaker" /> Add as test…
        </button>
      </div>
      {writing.value?.kind === "tag" && <TagForm known={known.filter((tag) => !tags.includes(tag))} />}
      {writing.value?.kind === "note" && <NoteForm draft={writing.value.draft} />}
      {notes.length > 0 && (
        <ul class="notes-list" aria-label="Notes">
          {notes.map((note) => (
            <NoteItem key={note.id} note={note} />
          ))}
        </ul>
      )}
    </section>
  );
}

function TagForm({ known }: { known: readonly string[] }) {
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => input.current?.focus(), []);
  return (
    <form
      class="tag-form"
      aria-label="Tag"
      onSubmit={(event) => {
        event.preventDefault();
        const tag = input.current?.value.trim() ?? "";
        if (tag !== "") annotate({ kind: "tag", tag, on: true });
        stopWriting();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        stopWriting();
      }}
    >
      <input ref={input} type="text" aria-label="Tag" maxLength={60} list="known-tags" placeholder="Tag" />
      <datalist id="known-tags">
        {known.map((tag) => (
          <option key={tag} value={tag} />
        ))}
      </datalist>
      <button type="submit" class="quiet">
        Add
      </button>
      <button type="button" class="quiet" onClick={stopWriting}>
        Cancel
      </button>
    </form>
  );
}

function NoteItem({ note: { id, text, span, at } }: { note: Note }) {
  return (
    <li class="note">
      <div class="note-head dim">
        <Icon name="note" />
        {span ? (
          <button
            type="button"
            class="quiet"
            aria-pressed={chosenSpan.value === noteSpan(id)}
            title="Go to what it is about"
            onClick={() => jumpTo(noteSpan(id), span.start)}
          >
            {placeWords(span)}
          </button>
        ) : (
          <span>whole trajectory</span>
        )}
        <span class="numeric">{at.slice(0, 16).replace("T", " ")}</span>
        <button
          type="button"
          class="quiet"
          aria-label="Change the note"
          onClick={() => write({ note: id, text, span })}
        >
          <Icon name="edit" />
        </button>
        <button
          type="button"
          class="quiet"
          aria-label="Remove the note"
          onClick={() => annotate({ kind: "note", note: id, text: "" })}
        >
          <Icon name="trash" />
        </button>
      </div>
      <p class="note-text">{text}</p>
    </li>
  );
}
