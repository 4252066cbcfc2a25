import { z } from "zod";
import { Place } from "./place.ts";

/** What a policy writes when the documents do not hold the answer; the answer is then an abstention. */
export const notInDocuments = "Not in these documents.";

/**
 * What re-reading the file at answer time said of a quote.
 * verified: byte for byte (after Unicode and white-space normalisation) at its place;
 * moved: elsewhere in the file (the place is then the found one);
 * stale: the file changed and the quote is no longer in it; missing: the file cannot be read.
 */
export const CitationStatus = z.enum(["verified", "moved", "stale", "missing"]);
export type CitationStatus = z.infer<typeof CitationStatus>;

export const Citation = z.object({
  /** 1-based number shown to the reader. */
  number: z.int().min(1),
  /** Chosen by the program from the passage, never written by a policy. */
  quote: z.string(),
  passage: z.string(),
  title: z.string(),
  place: Place.optional(),
  status: CitationStatus,
});
export type Citation = z.infer<typeof Citation>;

export const AnswerSentence = z.object({
  text: z.string(),
  /** Numbers of the citations that carry the sentence; empty means unsupported. */
  citations: z.array(z.int().min(1)),
  supported: z.boolean(),
});
export type AnswerSentence = z.infer<typeof AnswerSentence>;

export const Answer = z.object({
  text: z.string(),
  /** True when the retrieved evidence is too weak, or the policy said so: "Not in these documents". */
  abstained: z.boolean(),
  sentences: z.array(AnswerSentence),
  citations: z.array(Citation),
  /** When abstained: the nearest places, best first. */
  nearest: z.array(Citation),
  /** One sentence for the reader about who wrote this, e.g. that no language model did. */
  notice: z.string().optional(),
});
export type Answer = z.infer<typeof Answer>;
