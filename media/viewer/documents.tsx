import { type Block, tokensOf } from "./blocks.ts";
import { Fold } from "./fold.tsx";
import { Icon } from "./icon.tsx";
import { LongText } from "./long-text.tsx";
import { count } from "./wording.ts";

/**
 * Text that the environment wrote. It is masked: told apart by its dashed border, its hatch and words, never by colour
 * alone. Whatever stands in it is drawn as text.
 */
export function DocumentsCard({ block, text }: { block: Block; text: string }) {
  const tokens = tokensOf(block.segment);
  const size = tokens === undefined ? count(text.length, "char") : count(tokens, "token");
  const label = (
    <>
      <Icon name="circle-slash" /> masked · {size} · not trained on
    </>
  );
  return (
    <div class="mask">
      <Fold id={`documents:${block.index}`} label={label}>
        <LongText id={`documents:${block.index}`} text={text} offset={block.segment.start} />
      </Fold>
    </div>
  );
}
