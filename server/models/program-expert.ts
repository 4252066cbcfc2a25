import { holdsControlTag, tagFree } from "./extractive/control-text.ts";
import { writeStretch } from "./extractive/write-stretch.ts";
import type { Policy } from "./policy.ts";

/** What a program that knows the answer does: the queries it asks, one after another, and the answer it gives. */
export interface ExpertPlan {
  readonly queries: readonly string[];
  readonly answer: string;
}

/** Characters. */
const most = { query: 400, thought: 600, answer: 400 };

/**
 * A policy that carries out given plans, by the text of the question: its trajectories are examples for a supervised start. Documents
 * are those that its queries really find. It asks no more than the profile allows, and ends its text at once for a question without a plan or
 * with an answer that would read as a tag.
 */
export function programExpert(plans: ReadonlyMap<string, ExpertPlan>): Policy {
  return {
    ref: { id: "program-expert", kind: "scripted", label: "Program that knows the answer" },
    form: "text",
    // eslint-disable-next-line require-await -- nothing here waits, but a policy is asynchronous
    async *generate(turn) {
      const plan = plans.get(turn.transcript.question);
      if (!plan || holdsControlTag(plan.answer) || plan.answer.length > most.answer) return { reason: "end" };
      const query = turn.searchesLeft > 0 ? plan.queries[turn.transcript.searches.length] : undefined;
      if (query !== undefined) {
        const asked = tagFree(query, most.query);
        const thought = tagFree(` I need to find out: ${asked}\n`, most.thought);
        return yield* writeStretch(turn, thought, turn.tags.queryOpen, ` ${asked} `, turn.tags.queryClose);
      }
      const closed = ` The documents lead to ${plan.answer}. ${turn.tags.thinkClose}\n\n`;
      return yield* writeStretch(turn, closed, turn.tags.answerOpen, ` ${plan.answer} `, turn.tags.answerClose);
    },
  };
}
