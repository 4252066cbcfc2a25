import type { Passage } from "../../protocol/passage.ts";
import { Icon } from "../viewer/icon.tsx";
import { around, toggleAround } from "./model.ts";

/** What stands before or after a found passage in its file, where it was asked for. */
export function Around({ passage, side }: { passage: Passage; side: "before" | "after" }) {
  const outcome = around.value.get(passage.id);
  if (!outcome) return null;
  if ("message" in outcome)
    return side === "after" ? (
      <div class="around dim" role="alert">
        {outcome.message}
      </div>
    ) : null;
  const neighbours = outcome[side];
  const edge = side === "before" ? "The file begins here." : "The file ends here.";
  return (
    <div class="around" role="group" aria-label={side === "before" ? "Before it" : "After it"}>
      {neighbours.length === 0 && <div class="dim">{edge}</div>}
      {neighbours.map(({ id, text }) => (
        <div key={id} class="raw">
          {text}
        </div>
      ))}
    </div>
  );
}

/** Fetches what stands around a passage, or hides it again. A passage without a file has nothing around it. */
export function AroundButton({ passage, rank }: { passage: Passage; rank: number }) {
  if (!passage.place) return null;
  const shown = around.value.has(passage.id);
  const label = shown ? "Without what is around it" : "Around it";
  return (
    <button
      type="button"
      class="quiet"
      aria-expanded={shown}
      aria-label={`${label}: passage ${rank}`}
      onClick={() => toggleAround(passage)}
    >
      <Icon name={shown ? "fold" : "unfold"} /> {label}
    </button>
  );
}
