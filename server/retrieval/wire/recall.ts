import { z } from "zod";
import type { Hit } from "../../../protocol/passage.ts";
import { ContentsDocument, contentsOf } from "./contents.ts";
import { readAsked } from "./read-asked.ts";
import { type WireForm, askLimits } from "./wire-form.ts";

const Query = z
  .string()
  .max(askLimits.characters)
  .refine((query) => query.trim() !== "", "is empty");
const shared = {
  top_n: z.int().min(1).max(askLimits.documents).default(10),
  return_score: z.boolean().default(false),
};
const One = z.object({ query: Query, ...shared });
const Many = z.object({ query: z.array(Query).max(askLimits.queries), ...shared });

const Lists = z.array(z.array(ContentsDocument));

const documents = (hits: readonly Hit[]): object[] => hits.map(({ passage }) => contentsOf(passage));
const scoresOf = (hits: readonly Hit[]): number[] => hits.map(({ score }) => score);

/** ReSearch's and ReCall's server: `POST /search` for one query, `POST /batch_search` for many. */
export const recallForm: WireForm = {
  name: "recall",
  path: "/batch_search",
  takesBlank: false,
  // With scores the reply is a pair of lists, which a batch of two without documents looks like as well.
  body: (queries, k) => ({ query: queries, top_n: k, return_score: false }),
  read: (reply) => Lists.safeParse(reply).data,
  routes: [
    {
      path: "/search",
      read: (body) =>
        readAsked(One, body, ({ query, top_n, return_score }) => ({
          queries: [query],
          k: top_n,
          scores: return_score,
        })),
      write: ({ scores }, [hits = []]) => (scores ? [documents(hits), scoresOf(hits)] : documents(hits)),
    },
    {
      path: "/batch_search",
      read: (body) =>
        readAsked(Many, body, ({ query, top_n, return_score }) => ({ queries: query, k: top_n, scores: return_score })),
      write: ({ scores }, hits) => (scores ? [hits.map(documents), hits.map(scoresOf)] : hits.map(documents)),
    },
  ],
};
