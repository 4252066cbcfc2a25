import { finishReason } from "../import/stop-reason.ts";
import { type ExportFormat, keptFields } from "./export-format.ts";
import { promptAndResponse } from "./prompt-and-response.ts";

/** Lines as SkyRL's evaluation dumps have them (see `import/skyrl-dump.ts`). */
export const skyrlFormat: ExportFormat = {
  name: "skyrl",
  about: "evaluation dump of SkyRL: input_prompt, output_response, score, stop_reason and the environment's extras",
  shape: "lines",
  record(trajectory) {
    const { score, stop_reason: stop, ...kept } = keptFields(trajectory, "skyrl");
    const { prompt, response } = promptAndResponse(trajectory);
    const total = trajectory.reward?.total ?? null;
    const perToken = Array.isArray(score) && (score as number[]).reduce((sum, each) => sum + each, 0) === total;
    return {
      ok: true,
      record: {
        input_prompt: prompt,
        output_response: response,
        score: perToken ? score : total,
        stop_reason: stop === undefined ? finishReason(trajectory) : stop,
        env_class: "search",
        env_extras: {
          question: trajectory.question,
          ...(trajectory.golds ? { reward_spec: { ground_truth: { target: trajectory.golds } } } : {}),
        },
        data_source: "searchlight",
        ...kept,
      },
    };
  },
};
