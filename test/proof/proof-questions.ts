import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ProofSize } from "./proof-size.ts";
import { type FactPassage, type FactQuestion, plainTitle, singleFacts, snippet } from "./single-facts.ts";
import { chainHalves, factChains, twoHopFacts } from "./two-hop-facts.ts";

/** A set of unseen questions: its name in the report, and its file in the proof's folder. */
export interface HeldOutSet {
  name: string;
  file: string;
}

export interface ProofQuestions {
  /** Files of training questions. */
  training: string[];
  heldOut: HeldOutSet[];
  /** Passages of the corpus. */
  passages: number;
}

/** Decides the questions, which are the same for every seed of the recipe. */
const questionSeed = 1;

/** Writes the proof's corpus, made of some files of passages, and its questions, each once. */
export function writeProofQuestions(folder: string, passageFiles: readonly string[], size: ProofSize): ProofQuestions {
  mkdirSync(folder, { recursive: true });
  const read = new Map(passageFiles.flatMap(jsonLines<FactPassage>).map((passage) => [passage.id, passage]));
  const passages = [...read.values()].map((passage) => ({ ...passage, text: snippet(passage.text, size.words) }));
  const write = (file: string, rows: readonly object[]): void => {
    const path = join(folder, file);
    if (!existsSync(path)) writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  };
  write("passages.jsonl", passages);
  const chains = size.twoHop ? factChains(passages) : [];
  const half = chainHalves(chains);
  const single = singleFacts(passages, questionSeed, half);
  write("training.jsonl", single.training.slice(0, size.training.single));
  write("held-out.jsonl", single.heldOut.slice(0, size.heldOut.single));
  const files: ProofQuestions = {
    passages: passages.length,
    training: ["training.jsonl"],
    heldOut: [{ name: "one fact of one page", file: "held-out.jsonl" }],
  };
  if (!size.twoHop) return files;
  const twoHop = twoHopFacts(chains, questionSeed);
  const of = (wanted: string): FactQuestion[] => twoHop.filter(({ supporting }) => half(supporting[0]!) === wanted);
  write("training-two-hop.jsonl", of("training").slice(0, size.training.twoHop));
  write("held-out-two-hop.jsonl", of("heldOut").slice(0, size.heldOut.twoHop));
  files.training.push("training-two-hop.jsonl");
  files.heldOut.push({ name: "two pages, one after the other", file: "held-out-two-hop.jsonl" });
  const written = join(dirname(passageFiles[0]!), "questions.jsonl");
  if (size.heldOut.written === 0 || !existsSync(written)) return files;
  write("written.jsonl", untaught(jsonLines<WrittenQuestion>(written), half).slice(0, size.heldOut.written));
  files.heldOut.push({ name: "written by people (HotpotQA)", file: "written.jsonl" });
  return files;
}

interface WrittenQuestion {
  type: string;
  supporting: string[];
}

/** Questions that people wrote and whose pages answer no training question; comparisons have other answers than pages state. */
function untaught<T extends WrittenQuestion>(questions: readonly T[], half: (title: string) => string): T[] {
  return questions.filter(
    ({ type, supporting }) => type === "bridge" && supporting.every((title) => half(plainTitle(title)) === "heldOut"),
  );
}

function jsonLines<T>(file: string): T[] {
  return readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}
