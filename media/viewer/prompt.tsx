import { Fold } from "./fold.tsx";
import { LongText } from "./long-text.tsx";
import { count } from "./wording.ts";

/** The prompt is the same for every question of a profile, so it is folded. */
export function PromptCard({ text, offset }: { text: string; offset: number }) {
  return (
    <Fold id="prompt" label={<>prompt · {count(text.length, "character")}</>}>
      <LongText id="prompt-text" text={text} offset={offset} />
    </Fold>
  );
}
