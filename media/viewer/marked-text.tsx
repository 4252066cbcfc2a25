import { splitAtTags } from "./blocks.ts";
import { cutAtSpans } from "./broken-rules.ts";
import { chosenSpan, spans } from "./view-model.ts";

interface MarkedTextProps {
  text: string;
  /** Where it begins in the trajectory's text. */
  offset: number;
  tags?: boolean;
  /** Spans of the trajectory's text; those of the shown trajectory where none are given. */
  over?: readonly { id: string; start: number; end: number }[];
}

/**
 * Text of a trajectory with what rules and the mask audit found wrong in it underlined, and the policy's control tags drawn faintly
 * where `tags` says so.
 */
export function MarkedText({ text, offset, tags = false, over }: MarkedTextProps) {
  const pieces = cutAtSpans(text, offset, over ?? spans.value);
  return (
    <>
      {pieces.map(({ text: piece, ids }, index) => {
        const drawn = tags ? <Tagged text={piece} /> : piece;
        if (ids.length === 0) return tags ? <Tagged key={index} text={piece} /> : piece;
        const chosen = chosenSpan.value !== undefined && ids.includes(chosenSpan.value);
        const kind = ids.every((id) => id.startsWith("note-")) ? "noted" : "broken";
        return (
          <mark key={index} class={chosen ? `${kind} chosen` : kind} data-spans={ids.join(" ")}>
            {drawn}
          </mark>
        );
      })}
    </>
  );
}

function Tagged({ text }: { text: string }) {
  return (
    <>
      {splitAtTags(text).map((piece, index) =>
        piece.tag ? (
          <span key={index} class="tag">
            {piece.text}
          </span>
        ) : (
          piece.text
        ),
      )}
    </>
  );
}
