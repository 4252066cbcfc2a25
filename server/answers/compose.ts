import { type Answer, type AnswerSentence, type Citation, notInDocuments } from "../../protocol/answer.ts";
import { insertedPassages } from "../../protocol/inserted.ts";
import type { Passage } from "../../protocol/passage.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import type { Folder } from "../home.ts";
import { splitSentences } from "../language/sentences.ts";
import { answerText } from "../rollout/answer-text.ts";
import type { Profile } from "../rollout/profile.ts";
import { answerSentences, withoutMarks } from "./answer-sentences.ts";
import { chooseQuotes } from "./choose-quote.ts";
import { verifyQuote } from "./verify.ts";

const mostNearest = 3;
const abstention = /^\W*(?:not in (?:these|the) documents|i (?:don['’]t|do not) know)\W*$/iu;

/**
 * The answer as a reader gets it: each sentence with citations that were re-read from disk, or marked unsupported. When
 * the policy says that the documents do not hold the answer, gives none, or nothing it read carries any of it, the answer
 * is an abstention with the nearest places.
 */
export async function composeAnswer(
  trajectory: Trajectory,
  profile: Profile,
  folders: readonly Folder[],
): Promise<Answer> {
  const written = answerText(trajectory, profile);
  const author =
    trajectory.policy.kind === "extractive"
      ? "No language model wrote this: the sentences are quoted from the documents."
      : undefined;
  if (written === undefined || written === "") {
    return abstain(trajectory, folders, trajectory.stop?.detail ?? "The policy ended without an answer.");
  }
  if (abstention.test(withoutMarks(written))) {
    return abstain(trajectory, folders, author && "No language model was asked: a rule found the evidence too weak.");
  }

  const read = insertedPassages(trajectory.searches);
  const citations = new Citations(folders);
  const sentences: AnswerSentence[] = [];
  for (const { text, named } of answerSentences(written)) {
    const pointed = named.flatMap((number) => read[number - 1] ?? []);
    const quotes = chooseQuotes(text, pointed, distinct(read), trajectory.question);
    const numbers: number[] = [];
    for (const quote of quotes) {
      const number = await citations.add(quote.passage, quote.text);
      if (!numbers.includes(number)) numbers.push(number);
    }
    sentences.push({ text, citations: numbers, supported: citations.standing(numbers) });
  }
  if (sentences.every(({ citations: own }) => own.length === 0)) {
    const claim = `what the policy answered (“${clip(withoutMarks(written))}”)`;
    // Without a search nothing is known of the documents, and the reader must not take the answer for a finding.
    return abstain(
      trajectory,
      folders,
      trajectory.searches.length > 0
        ? `Nothing that was read carries ${claim}.`
        : `The policy searched for nothing, so no document carries ${claim}; ask again or choose another model.`,
    );
  }
  return {
    text: withoutMarks(written),
    abstained: false,
    sentences,
    citations: citations.list,
    nearest: [],
    ...(author ? { notice: author } : {}),
  };
}

async function abstain(
  trajectory: Trajectory,
  folders: readonly Folder[],
  notice: string | undefined,
): Promise<Answer> {
  const nearest = new Citations(folders);
  for (const passage of nearestPassages(trajectory)) await nearest.add(passage, leadingSentence(passage));
  return {
    text: notInDocuments,
    abstained: true,
    sentences: [{ text: notInDocuments, citations: [], supported: false }],
    citations: [],
    nearest: nearest.list,
    ...(notice ? { notice } : {}),
  };
}

/** The best hit of each search, from the first search on, then their second ones. */
function nearestPassages(trajectory: Trajectory): Passage[] {
  const found: Passage[] = [];
  for (let rank = 0; rank < mostNearest; rank++) {
    for (const search of trajectory.searches) {
      const passage = search.hits[rank]?.passage;
      if (passage && !found.some(({ id }) => id === passage.id)) found.push(passage);
    }
  }
  return found.slice(0, mostNearest);
}

function leadingSentence(passage: Passage): string {
  const sentences = splitSentences(passage.text);
  return (sentences.find(({ kind }) => kind !== "heading") ?? sentences[0])?.text ?? passage.text;
}

function distinct(passages: readonly Passage[]): Passage[] {
  return [...new Map(passages.map((passage) => [passage.id, passage])).values()];
}

function clip(text: string): string {
  const line = text.replace(/\s+/gu, " ");
  return line.length > 160 ? `${line.slice(0, 159)}…` : line;
}

/** Numbers citations in the order of first use; the same quote of the same passage keeps its number. */
class Citations {
  readonly list: Citation[] = [];
  readonly #folders: readonly Folder[];

  constructor(folders: readonly Folder[]) {
    this.#folders = folders;
  }

  async add(passage: Passage, quote: string): Promise<number> {
    const known = this.list.find((citation) => citation.passage === passage.id && citation.quote === quote);
    if (known) return known.number;
    const number = this.list.length + 1;
    const base = { number, quote, passage: passage.id, title: passage.title };
    // A passage of a remote retrieval server has no file to re-read.
    if (!passage.place) this.list.push({ ...base, status: "missing" });
    else this.list.push({ ...base, ...(await verifyQuote(this.#folders, passage.place, quote)) });
    return number;
  }

  /** Whether any of these citations still says in the file what it was cited for. */
  standing(numbers: readonly number[]): boolean {
    return numbers.some((number) => ["verified", "moved"].includes(this.list[number - 1]!.status));
  }
}
