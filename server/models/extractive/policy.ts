import { notInDocuments } from "../../../protocol/answer.ts";
import { insertedPassages } from "../../../protocol/inserted.ts";
import type { Policy, PolicyTurn } from "../policy.ts";
import { type PlacedSentence, bestChain } from "./answer-chain.ts";
import { holdsControlTag, tagFree } from "./control-text.ts";
import { weakness } from "./evidence-strength.ts";
import { fusedPassages } from "./fusion.ts";
import { type Question, readQuestion } from "./question.ts";
import type { ReadPassage } from "./read-passage.ts";
import { resolveFollowUp } from "./follow-up.ts";
import { plannedSearch } from "./search-plan.ts";
import { shortAnswer } from "./short-answer.ts";
import { writeStretch } from "./write-stretch.ts";

/** Characters. */
const most = { thought: 600, query: 400, short: 160, announced: 1200, question: 2000 };

/**
 * The embedded default, which needs no model: a rule that searches with the question, finds the name or term that leads on in
 * what it read, searches again, and answers with quoted sentences and their document numbers. Deterministic. It is also
 * the baseline that a model has to beat.
 */
export function extractivePolicy(): Policy {
  return {
    ref: { id: "extractive", kind: "extractive", label: "Extractive (no language model)" },
    form: "text",
    // eslint-disable-next-line require-await -- nothing here waits, but a policy is asynchronous
    async *generate(turn) {
      const question = readQuestion(
        resolveFollowUp(turn.transcript.question, turn.transcript.earlier).slice(0, most.question),
      );
      const { searches } = turn.transcript;
      const step = plannedSearch(question, searches, turn.searchesLeft);
      if (step)
        return yield* writeStretch(
          turn,
          tagFree(step.thought, most.thought),
          turn.tags.queryOpen,
          tagFree(step.query, most.query),
          turn.tags.queryClose,
        );
      const { thought, answer } = concluded(question, turn);
      const closed = `${tagFree(thought, most.thought)}${turn.tags.thinkClose}\n\n`;
      return yield* writeStretch(turn, closed, turn.tags.answerOpen, answer, turn.tags.answerClose);
    },
  };
}

function concluded(question: Question, turn: PolicyTurn): { thought: string; answer: string } {
  const { searches } = turn.transcript;
  const fused = fusedPassages(searches);
  const inserted = insertedPassages(searches);
  const numberOf = (read: ReadPassage): number =>
    inserted.findIndex(({ id, text }) => id === read.passage.id && text === read.passage.text) + 1;
  const chain = bestChain(question, fused, (read) => numberOf(read) > 0);
  const weak = chain ? weakness(question, chain) : "Nothing was found.";
  // Short answers are for question sets, where a guess costs nothing and an abstention has no form.
  if (chain && turn.answerForm === "short")
    return {
      thought: weak ?? "The sentences that were read hold an answer.",
      answer: ` ${tagFree(shortAnswer(chain), most.short)} `,
    };
  if (!chain || weak !== undefined)
    return { thought: `The evidence is too weak for an answer. ${weak}`, answer: notInDocuments };
  const where = [...new Set(chain.links.map(({ read }) => read.title))].map((title) => `“${title}”`).join(", then ");
  const thought = `The sentences that answer best stand in ${where}.`;
  const sentences = withAnnounced(chain.links);
  return { thought, answer: sentences.map((each) => `${quoted(each)} [${numberOf(each.read)}]`).join("\n") };
}

/** A sentence that announces a list or a command (`:` at its end) brings the first of what it announces. */
function withAnnounced(links: readonly PlacedSentence[]): PlacedSentence[] {
  return links.flatMap((link) => {
    if (!link.sentence.text.endsWith(":")) return [link];
    const at = link.read.sentences.indexOf(link.sentence);
    const following: PlacedSentence[] = [];
    for (const sentence of link.read.sentences.slice(at + 1, at + 4)) {
      if (sentence.kind !== "item" && sentence.kind !== "code" && sentence.kind !== "row") break;
      if (sentence.text.length > most.announced || holdsControlTag(sentence.text)) break;
      following.push({ read: link.read, sentence });
      if (sentence.kind === "code") break;
    }
    return [link, ...following];
  });
}

/** A sentence on one line, so that a list in the document does not become a list of the answer. */
function quoted({ sentence }: PlacedSentence): string {
  const line = sentence.text.replace(/\s+/gu, " ").trim();
  return sentence.kind === "item" ? `- ${line}` : line;
}
