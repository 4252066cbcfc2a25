import type { StopReason, Trajectory } from "../../../protocol/trajectory.ts";
import { type ExportFormat, keptFields } from "./export-format.ts";
import { promptAndResponse } from "./prompt-and-response.ts";

const written: Partial<Record<StopReason, string>> = {
  finished: "finished",
  "search-limit": "many_retrieve",
  "empty-query": "query_inst_error",
  "no-answer": "shot_down",
  "retrieval-error": "retrieve_error",
};

/** Lines as R1-Searcher's evaluation writes them: the text after the prompt, and the answer beside it. */
export const r1SearcherFormat: ExportFormat = {
  name: "r1-searcher",
  about: "result file of R1-Searcher's evaluation: question, answer, pred_ans, gen_text_store, stop_reason_final",
  shape: "lines",
  record(trajectory) {
    const golds = trajectory.golds ?? [];
    return {
      ok: true,
      record: {
        question: trajectory.question,
        answer: golds.length === 1 ? golds[0] : golds,
        ...(trajectory.answer ? { pred_ans: trajectory.answer.text } : {}),
        gen_text_store: promptAndResponse(trajectory).response,
        stop_reason_final: stopReason(trajectory),
        ...keptFields(trajectory, "r1-searcher"),
      },
    };
  },
};

function stopReason({ stop }: Trajectory): string {
  const said = stop?.detail === undefined ? undefined : /^The record says: (\w+)\.$/u.exec(stop.detail)?.[1];
  return said ?? (stop ? (written[stop.reason] ?? stop.reason) : "finished");
}
