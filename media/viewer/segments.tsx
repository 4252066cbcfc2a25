import { Component } from "preact";
import { segmentText } from "../../protocol/masks.ts";
import { AnswerCard } from "./answer.tsx";
import type { Block } from "./blocks.ts";
import { DocumentsCard } from "./documents.tsx";
import { PolicyText } from "./policy-text.tsx";
import { PromptCard } from "./prompt.tsx";
import { SearchCard } from "./search-card.tsx";
import { annotations, answer, blocks, broken, masked, trajectory } from "./view-model.ts";
import { Icon } from "./icon.tsx";
import { points, segmentLabel } from "./wording.ts";

/** All segments in order. Only the blocks that changed are drawn again, so a stream costs the same at any length. */
export function Segments() {
  const list = blocks.value;
  const answerAt = list.findLastIndex(({ segment }) => segment.kind === "answer");
  return (
    <ol class={`segments masked-${masked.value}`} aria-label="Segments">
      {list.map((block) => (
        <KeptSegment key={block.index} block={block} holdsAnswer={block.index === answerAt} />
      ))}
    </ol>
  );
}

class KeptSegment extends Component<{ block: Block; holdsAnswer: boolean }> {
  override shouldComponentUpdate(next: Readonly<{ block: Block; holdsAnswer: boolean }>): boolean {
    return next.block !== this.props.block || next.holdsAnswer !== this.props.holdsAnswer;
  }

  override render({ block, holdsAnswer }: { block: Block; holdsAnswer: boolean }) {
    const { segment, index } = block;
    const text = textOf(block);
    // White space between two tags is a segment of its own, with nothing in it to read.
    if (text.trim() === "") return null;
    return (
      <li
        class={`segment kind-${segment.kind} origin-${segment.origin}`}
        data-segment={index}
        tabIndex={index === 0 ? 0 : -1}
        aria-label={segmentLabel(segment)}
      >
        <SegmentBody block={block} text={text} holdsAnswer={holdsAnswer} />
        <BrokenHere segment={segment} />
        <NotedHere segment={segment} />
      </li>
    );
  }
}

/** A segment's text is fixed by its range, since text is only ever appended. */
function textOf({ segment }: Block): string {
  const shown = trajectory.peek();
  return shown ? segmentText(shown, segment) : "";
}

function SegmentBody({ block, text, holdsAnswer }: { block: Block; text: string; holdsAnswer: boolean }) {
  const { segment } = block;
  if (segment.origin === "environment") return <DocumentsCard block={block} text={text} />;
  switch (segment.kind) {
    case "prompt":
      return <PromptCard text={text} offset={segment.start} />;
    case "query":
      return <SearchCard block={block} text={text} />;
    case "answer":
      if (holdsAnswer) return <AnswerSegment text={text} offset={segment.start} />;
      return <PolicyText text={text} offset={segment.start} />;
    default:
      return <PolicyText text={text} offset={segment.start} />;
  }
}

/** The policy's answer as it streams; once the answer is composed, its checked form. */
function AnswerSegment({ text, offset }: { text: string; offset: number }) {
  if (!answer.value) return <PolicyText text={text} offset={offset} />;
  return <AnswerCard answer={answer.value} written={{ text, offset }} />;
}

/** The rules whose span begins in this segment, in words under it. */
function BrokenHere({ segment }: { segment: Block["segment"] }) {
  const here = broken.value.filter(({ violation: { start } }) => start >= segment.start && start < segment.end);
  if (here.length === 0) return null;
  return (
    <ul class="broken-here">
      {here.map(({ id, violation, points: lost }) => (
        <li key={id}>
          <Icon name="warning" /> {violation.rule}: {violation.message} <span class="numeric">({points(lost)})</span>
        </li>
      ))}
    </ul>
  );
}

/** The notes about words of this segment, under it: it may be drawn in a form that has none of its words. */
function NotedHere({ segment: { start, end } }: { segment: Block["segment"] }) {
  const here = (annotations.value?.notes ?? []).filter(({ span }) => span && span.start >= start && span.start < end);
  if (here.length === 0) return null;
  return (
    <ul class="noted-here">
      {here.map(({ id, text }) => (
        <li key={id}>
          <Icon name="note" /> {text}
        </li>
      ))}
    </ul>
  );
}
