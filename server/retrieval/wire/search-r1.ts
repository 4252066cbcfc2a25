import { z } from "zod";
import { ContentsDocument, contentsOf } from "./contents.ts";
import { readAsked } from "./read-asked.ts";
import { type WireForm, askLimits } from "./wire-form.ts";

const defaultDocuments = 3;

const Request = z.object({
  queries: z.array(z.string().max(askLimits.characters)).max(askLimits.queries),
  // The released server falls back to its default for 0 and for null.
  topk: z.int().min(0).max(askLimits.documents).nullish(),
  return_scores: z.boolean().nullish(),
});

const Scored = z
  .object({ document: ContentsDocument, score: z.number().nullish() })
  .transform(({ document, score }) => ({ ...document, ...(typeof score === "number" ? { score } : {}) }));
const Reply = z.object({ result: z.array(z.array(z.union([Scored, ContentsDocument]))) });

/** Search-R1's `POST /retrieve`, which most trainers of search speak. */
export const searchR1Form: WireForm = {
  name: "search-r1",
  path: "/retrieve",
  takesBlank: true,
  // The released server unpacks scores even where none were asked for, and fails.
  body: (queries, k) => ({ queries, topk: k, return_scores: true }),
  read: (reply) => Reply.safeParse(reply).data?.result,
  routes: [
    {
      path: "/retrieve",
      read: (body) =>
        readAsked(Request, body, ({ queries, topk, return_scores }) => ({
          queries,
          k: topk || defaultDocuments,
          scores: return_scores === true,
        })),
      write: ({ scores }, hits) => ({
        result: hits.map((list) =>
          list.map(({ passage, score }) => (scores ? { document: contentsOf(passage), score } : contentsOf(passage))),
        ),
      }),
    },
  ],
};
