import { verlFields } from "../import/verl-dump.ts";
import { type ExportFormat, keptFields } from "./export-format.ts";
import { namedComponents, promptAndResponse } from "./prompt-and-response.ts";

/** Lines as verl's and Search-R1's rollout dumps have them (see `import/verl-dump.ts`); components of the reward beside the score. */
export const verlFormat: ExportFormat = {
  name: "verl",
  about: "rollout dump of verl and Search-R1: input, output, gts, score, step and reward components",
  shape: "lines",
  record(trajectory) {
    const { gts, ...kept } = keptFields(trajectory, "verl");
    const { prompt, response } = promptAndResponse(trajectory);
    const components = namedComponents(trajectory).filter(
      ([name]) => !(verlFields as readonly string[]).includes(name),
    );
    return {
      ok: true,
      record: {
        input: prompt,
        output: response,
        gts: gts === undefined ? (trajectory.golds ? { target: trajectory.golds } : null) : gts,
        score: trajectory.reward?.total ?? null,
        step: trajectory.training?.step ?? 0,
        ...kept,
        ...Object.fromEntries(components),
      },
    };
  },
};
