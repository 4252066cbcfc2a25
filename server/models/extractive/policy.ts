import type { Search } from "../../../protocol/trajectory.ts";
import { insertedPassages } from "../../rollout/insertion.ts";
import type { Policy, PolicyFinish, PolicyTurn } from "../policy.ts";
import { type ChosenSentence, chooseSentences, rankSentences } from "./choose-sentences.ts";
import { evidenceStrength } from "./evidence-strength.ts";
import { fusedPassages } from "./fusion.ts";
import { type NextQuery, nextQuery } from "./next-query.ts";
import { type Question, readQuestion } from "./question.ts";
import { resolveFollowUp } from "./follow-up.ts";
import { shortAnswer } from "./short-answer.ts";

/** Evidence weaker than this is no answer; tuned on the sample handbook's questions (`docs/benchmarks.md`). */
const enoughEvidence = 0.62;
/** More searches than this never helped on the question sets that the rules were measured on. */
const mostSearches = 4;
const abstention = "Not in these documents.";

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
      const question = readQuestion(resolveFollowUp(turn.transcript.question, turn.transcript.earlier));
      const { searches } = turn.transcript;
      const step = nextStep(question, searches, turn.searchesLeft);
      if (step) return yield* write(turn, step.thought, turn.tags.queryOpen, step.query, turn.tags.queryClose);
      const { thought, answer } = concluded(question, turn);
      const closed = `${thought}${turn.tags.thinkClose}\n\n`;
      return yield* write(turn, closed, turn.tags.answerOpen, answer, turn.tags.answerClose);
    },
  };
}

/** Writes a stretch as a model would: the closing tag is a stop string and is left to the loop. */
function* write(turn: PolicyTurn, thought: string, open: string, content: string, close: string): Generator<{ text: string }, PolicyFinish> {
  const opening = needsThinkTag(turn) ? turn.tags.thinkOpen : "";
  yield { text: `${opening}${thought}` };
  yield { text: `${open}${content}` };
  return { reason: "stop", stop: close };
}

/** Profiles whose prompt does not open the thinking leave that to the policy, at its beginning and after each block of documents. */
function needsThinkTag({ transcript, tags }: PolicyTurn): boolean {
  if (tags.thinkOpen === "" || transcript.text.endsWith(tags.thinkOpen)) return false;
  const before = transcript.segments.filter(({ origin }) => origin !== "environment");
  const said = before.map(({ start, end }) => transcript.text.slice(start, end)).join("");
  return said.lastIndexOf(tags.thinkOpen) <= said.lastIndexOf(tags.thinkClose);
}

function nextStep(question: Question, searches: readonly Search[], left: number): { thought: string; query: string } | undefined {
  if (left <= 0) return undefined;
  if (searches.length === 0) return { thought: `Nothing is read yet; the question itself is the first query. `, query: question.text };
  if (searches.length >= mostSearches) return undefined;
  const next = nextQuery(question, searches);
  return next && { thought: reason(next), query: next.query };
}

function reason({ why, about, from }: NextQuery): string {
  if (why === "unread") return `The question names “${about}”, and nothing that was read is about it. `;
  if (why === "bridge") return `“${from ?? ""}” names “${about}”, which the question does not; it may lead on. `;
  return `“${about}” fits the question, but what else the question asks is not in it. `;
}

function concluded(question: Question, turn: PolicyTurn): { thought: string; answer: string } {
  const { searches } = turn.transcript;
  const fused = fusedPassages(searches);
  const ranked = rankSentences(question, searches, fused);
  const evidence = evidenceStrength(question, searches, fused, ranked);
  const inserted = insertedPassages(searches);
  const numberOf = (chosen: ChosenSentence): number => inserted.findIndex(({ id }) => id === chosen.read.passage.id) + 1;
  const chosen = chooseSentences(ranked, (each) => numberOf(each) > 0);
  if (chosen.length === 0 || evidence.score < enoughEvidence) {
    const missing = evidence.missing.length > 0 ? ` Nothing that was read speaks of ${evidence.missing.slice(0, 4).map((word) => `“${word}”`).join(", ")}.` : "";
    return { thought: `The evidence is too weak for an answer.${missing}`, answer: abstention };
  }
  const where = [...new Set(chosen.map(({ read }) => read.title))].slice(0, 3).map((title) => `“${title}”`).join(", ");
  const thought = `The sentences that cover most of the question stand in ${where}.`;
  if (turn.answerForm === "short") return { thought, answer: ` ${shortAnswer(question, chosen)} ` };
  return { thought, answer: chosen.map((each) => `${quoted(each)} [${numberOf(each)}]`).join("\n") };
}

/** A sentence on one line, so that a list in the document does not become a list of the answer. */
function quoted({ sentence }: ChosenSentence): string {
  const line = sentence.text.replace(/\s+/gu, " ").trim();
  return sentence.kind === "item" ? `- ${line}` : line;
}
