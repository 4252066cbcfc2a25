import { z } from "zod";
import { Place } from "./place.ts";

/** A piece of a document that is indexed, retrieved and cited as one. */
export const Passage = z.object({
  /** Content hash and place, so that the same text at the same place keeps its id across re-indexing. */
  id: z.string(),
  title: z.string(),
  text: z.string(),
  /** Absent for passages of a remote retrieval server, which has no files of ours. */
  place: Place.optional(),
  /** ISO 639-1 code of the text's language, or the name of a programming language, lower case; absent where nothing is known. */
  language: z.string().optional(),
});
export type Passage = z.infer<typeof Passage>;

/** Passages of the same file that stand around one, each list in the order of the file. */
export const Neighbours = z.object({ before: z.array(Passage), after: z.array(Passage) });
export type Neighbours = z.infer<typeof Neighbours>;

/** Neighbours of a passage that can be asked for, on each side. */
export const mostNeighbours = 10;

/** What one leg (words or vectors) says of a hit: its place in the leg's list, BM25 or cosine, and what that adds to the fused score. */
export const LegScore = z.object({ rank: z.int().min(1), score: z.number(), part: z.number().optional() });
export type LegScore = z.infer<typeof LegScore>;

/** A retrieved passage with the reason why it is there. */
export const Hit = z.object({
  passage: Passage,
  /** 1-based rank in the fused list. */
  rank: z.int().min(1),
  /** Parts of both legs, times what repetition takes off; comparable within one list only. */
  score: z.number(),
  words: LegScore.optional(),
  vectors: LegScore.optional(),
  /** Query terms that occur in the passage, as they stand in the query. */
  matched: z.array(z.string()),
  /** Factor below 1 where better hits are from the same section or page. */
  repetition: z.number().optional(),
  /** Where a reranker ordered the list: the rank before, and what the reranker says. */
  reranked: z.object({ from: z.int().min(1), score: z.number() }).optional(),
  /** Places of near copies of this passage, which are left out of the list. */
  copies: z.array(Place).optional(),
  /** Where they were asked for. */
  neighbours: Neighbours.optional(),
});
export type Hit = z.infer<typeof Hit>;

export const SearchMode = z.enum(["words", "vectors", "hybrid"]);
export type SearchMode = z.infer<typeof SearchMode>;
