import { useLayoutEffect, useRef } from "preact/hooks";
import { annotate, type Draft, stopWriting } from "./annotate.ts";
import { placeWords } from "./jump.ts";

/** Where a note is written or changed. Ctrl+Enter saves, Escape gives up; an empty one goes. */
export function NoteForm({ draft: { note, text, span } }: { draft: Draft }) {
  const area = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => area.current?.focus(), [note, span?.start]);
  const save = (): void => {
    const written = area.current?.value.trim() ?? "";
    const about = span ? { span: { start: span.start, end: span.end } } : {};
    if (note !== undefined) annotate({ kind: "note", note, text: written });
    else if (written !== "") annotate({ kind: "note", text: written, ...about });
    stopWriting();
  };
  return (
    <form
      class="note-form"
      aria-label="Note"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          save();
        }
        if (event.key !== "Escape") return;
        event.stopPropagation();
        stopWriting();
      }}
    >
      <div class="dim">About {span ? placeWords(span) : "the whole trajectory"}</div>
      <div class="box">
        <textarea ref={area} aria-label="Note" rows={2} maxLength={10_000} defaultValue={text} />
      </div>
      <button type="submit" class="quiet" title="Save (Ctrl+Enter)">
        Save
      </button>
      <button type="button" class="quiet" onClick={stopWriting}>
        Cancel
      </button>
    </form>
  );
}
