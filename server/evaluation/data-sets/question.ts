/** One thing that proves the answer, in the ways data sets name it. */
export type Support =
  /** Id of a passage of the data set's own corpus. */
  | { kind: "passage"; id: string }
  /** Title of a page, or path of a file. */
  | { kind: "page"; name: string }
  /** Lines of a file; 1-based, inclusive. */
  | { kind: "lines"; path: string; startLine: number; endLine: number }
  /** Words that the passage holds. */
  | { kind: "quote"; text: string };

/** One step of a question that needs several. */
export interface Hop {
  /** As a search could ask it, with the answers of earlier hops put in. */
  question: string;
  answer: string;
  /** Id of the passage that answers it. */
  passage?: string;
}

/** After R1-Searcher's grading by the rollouts that one right answer takes; unsolved: none was right. */
export const difficulties = ["easy", "medium", "difficult", "unsolved"] as const;
export type Difficulty = (typeof difficulties)[number];

/** A question as every data set is read into. */
export interface EvaluationQuestion {
  /** Unique within its file. */
  id: string;
  /** Line of the file (1-based) at which its record begins; row number for parquet. */
  line: number;
  question: string;
  /** Accepted answers; none where the set has none, or where the right answer is that there is none. */
  golds: string[];
  /** False where the right answer is that the documents do not hold one. */
  answerable: boolean;
  /** Kind of question, as the set names it. */
  type?: string;
  /** How hard it was for a policy that was tried on it, as the record says. */
  difficulty?: Difficulty;
  supports: Support[];
  /** Passages that hold a gold answer, by a weak rule of the set; they may prove nothing. */
  answerBearing: string[];
  hops: Hop[];
}

/** A record that cannot be read: where, and why. `reason` follows the field in a sentence. */
export interface BadQuestion {
  line: number;
  field: string;
  reason: string;
}
