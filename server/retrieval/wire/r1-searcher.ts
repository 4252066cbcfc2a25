import { z } from "zod";
import type { Passage } from "../../../protocol/passage.ts";
import { readAsked } from "./read-asked.ts";
import { type WireForm, askLimits, rowNumber, titleLine } from "./wire-form.ts";

const Request = z.object({
  queries: z.array(z.string().max(askLimits.characters)).max(askLimits.queries),
  k: z.int().min(1).max(askLimits.documents).default(3),
});

const Reply = z.object({ answers: z.array(z.array(z.string())) });

/**
 * R1-Searcher's local server: `POST /queries`, documents as strings that begin with a corpus row number and a tab. The
 * number stays in the text: the profiles that strip it strip once, and a year after it must survive.
 */
export const r1SearcherForm: WireForm = {
  name: "r1",
  path: "/queries",
  takesBlank: true,
  body: (queries, k) => ({ queries, k }),
  read(reply) {
    const parsed = Reply.safeParse(reply);
    return parsed.data?.answers.map((documents) =>
      documents.map((text) => {
        const id = /^(\d+)\s/.exec(text)?.[1];
        return { title: "", text, ...(id ? { id } : {}) };
      }),
    );
  },
  routes: [
    {
      path: "/queries",
      read: (body) => readAsked(Request, body, ({ queries, k }) => ({ queries, k, scores: false })),
      write: ({ queries }, hits) => ({ queries, answers: hits.map((list) => list.map(({ passage }) => row(passage))) }),
    },
  ],
};

function row(passage: Passage): string {
  if (passage.title === "" && /^\d+\t/.test(passage.text)) return passage.text;
  const title = titleLine(passage.title);
  return `${rowNumber(passage.id)}\t${title ? `${title}   ` : ""}${passage.text}`;
}
