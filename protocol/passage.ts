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
});
export type Passage = z.infer<typeof Passage>;

/** What one leg (words or vectors) says of a hit. */
export const LegScore = z.object({ rank: z.int().min(1), score: z.number() });
export type LegScore = z.infer<typeof LegScore>;

/** A retrieved passage with the reason why it is there. */
export const Hit = z.object({
  passage: Passage,
  /** 1-based rank in the fused list. */
  rank: z.int().min(1),
  /** Fused score; comparable within one list only. */
  score: z.number(),
  words: LegScore.optional(),
  vectors: LegScore.optional(),
  /** Query terms that occur in the passage, as they stand in the query. */
  matched: z.array(z.string()),
});
export type Hit = z.infer<typeof Hit>;

export const SearchMode = z.enum(["words", "vectors", "hybrid"]);
export type SearchMode = z.infer<typeof SearchMode>;
