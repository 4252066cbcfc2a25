import type { Answer, AnswerSentence, Citation } from "../../protocol/answer.ts";
import { answerMarkdown } from "./answer-markdown.ts";
import { CitationChip, CitationItem } from "./citation.tsx";
import { Fold } from "./fold.tsx";
import { send } from "./host.ts";
import { Icon } from "./icon.tsx";
import { PolicyText } from "./policy-text.tsx";
import { told } from "./view-model.ts";
import { count } from "./wording.ts";

/** The answer with its checked citations, or why there is none. `written` is what the policy wrote, word for word. */
export function AnswerCard({ answer, written }: { answer: Answer; written?: { text: string; offset: number } }) {
  return (
    <section class="answer" id="answer" tabIndex={-1} aria-label="Answer">
      {answer.abstained ? <Abstention answer={answer} /> : <Sentences answer={answer} />}
      {answer.notice !== undefined && (
        <p class="notice">
          <Icon name="info" /> {answer.notice}
        </p>
      )}
      {written !== undefined && written.text.trim() !== "" && (
        <Fold id="written" label="as written by the policy">
          <PolicyText {...written} />
        </Fold>
      )}
    </section>
  );
}

function Sentences({ answer }: { answer: Answer }) {
  const { sentences, citations } = answer;
  const byNumber = new Map(citations.map((citation) => [citation.number, citation]));
  const supported = sentences.filter((sentence) => sentence.supported).length;
  return (
    <>
      <div class="answer-head">
        <h2>Answer</h2>
        <button
          type="button"
          class="quiet"
          title="Copy as Markdown"
          onClick={() => send("copy", { text: answerMarkdown(answer, told.value) })}
        >
          <Icon name="copy" /> Copy
        </button>
      </div>
      <p class="sentences">
        {sentences.length === 0
          ? answer.text
          : sentences.map((sentence, index) => <Sentence key={index} sentence={sentence} citations={byNumber} />)}
      </p>
      <p class="dim" hidden={sentences.length === 0}>
        {supported} of {count(sentences.length, "sentence")} supported, quotes re-read on disk
      </p>
      <CitationList label="Citations" citations={citations} />
    </>
  );
}

function Sentence({ sentence, citations }: { sentence: AnswerSentence; citations: ReadonlyMap<number, Citation> }) {
  const chips = sentence.citations.flatMap((number) => citations.get(number) ?? []);
  return (
    <span class={sentence.supported ? "sentence" : "sentence unsupported"}>
      {sentence.text}
      {chips.map((citation) => (
        <CitationChip key={citation.number} citation={citation} />
      ))}
      {!sentence.supported && (
        <span class="mark">
          <Icon name="question" /> unsupported
        </span>
      )}{" "}
    </span>
  );
}

function Abstention({ answer }: { answer: Answer }) {
  return (
    <>
      <h2>
        <Icon name="circle-slash" /> Not in these documents
      </h2>
      {!/^(not in these documents\W*)?$/i.test(answer.text.trim()) && <p>{answer.text}</p>}
      {answer.nearest.length > 0 && <h3>Nearest places</h3>}
      <CitationList label="Nearest places" citations={answer.nearest} />
    </>
  );
}

function CitationList({ label, citations }: { label: string; citations: readonly Citation[] }) {
  if (citations.length === 0) return null;
  return (
    <ol class="citations" aria-label={label}>
      {citations.map((citation) => (
        <CitationItem key={citation.number} citation={citation} />
      ))}
    </ol>
  );
}
