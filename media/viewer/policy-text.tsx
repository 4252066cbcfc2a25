import { splitAtTags } from "./blocks.ts";

/** Text that the policy wrote, its control tags drawn faintly. */
export function PolicyText({ text }: { text: string }) {
  return (
    <div class="text">
      {splitAtTags(text).map((piece, index) =>
        piece.tag ? (
          <span key={index} class="tag">
            {piece.text}
          </span>
        ) : (
          piece.text
        ),
      )}
    </div>
  );
}
