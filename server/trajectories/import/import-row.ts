import { partitionFault } from "../../../protocol/masks.ts";
import { Trajectory } from "../../../protocol/trajectory.ts";
import { answerText } from "../../rollout/answer-text.ts";
import { builtInProfiles } from "../../rollout/profile.ts";
import { importText } from "../import-text.ts";
import { isAtif, readAtif } from "./atif.ts";
import { detectForm } from "./form.ts";
import { type ImportContext, type ImportResult, importedRow, problem } from "./imported-trajectory.ts";
import { isInspectLog, readInspectLog } from "./inspect-log.ts";
import { isPrimeTokens, readPrimeTokens } from "./prime-tokens.ts";
import { SpanCollector, isOtlp } from "./otel-spans.ts";
import { importReact } from "./react-text.ts";
import { type JsonRecord, deeperThan, isRecord, unmapped } from "./record-parts.ts";
import { rowFields } from "./row-fields.ts";
import { isSkyrlDump, readSkyrlDump } from "./skyrl-dump.ts";
import { isTinkerRollout, readTinkerRollout } from "./tinker-rollouts.ts";
import { isTrlCompletion, readTrlCompletion } from "./trl-completions.ts";
import { isVerlDump, readVerlDump } from "./verl-dump.ts";

export type { ImportedRow } from "./imported-trajectory.ts";

/** No record of a known format nests deeper. */
const depthLimit = 256;

/** Formats told by the fields of a record, the more certain first; each reader's own comment names its source. */
const formats: readonly [
  is: (row: JsonRecord) => boolean,
  read: (row: JsonRecord, context: ImportContext) => ImportResult | ImportResult[],
][] = [
  [isAtif, readAtif],
  [isInspectLog, readInspectLog],
  [isPrimeTokens, readPrimeTokens],
  [isTinkerRollout, readTinkerRollout],
  [isSkyrlDump, readSkyrlDump],
  [isVerlDump, readVerlDump],
  [isTrlCompletion, readTrlCompletion],
];

/**
 * Reads one record by its content: a trajectory of ours, or a record of another program. One log can hold many, hence the list.
 * A trace may be spread over a file: its reader gathers spans with a `SpanCollector` of its own.
 */
export function importRecord(data: unknown, context: ImportContext): ImportResult[] {
  if (typeof data === "string") return [importFields({ text: data }, context)];
  if (!isRecord(data)) return [problem("the whole record", "is no JSON object")];
  if ("segments" in data) return [importOwn(data, context)];
  if (deeperThan(data, depthLimit)) return [problem("the whole record", `nests deeper than ${depthLimit} levels`)];
  if (isOtlp(data)) {
    const spans = new SpanCollector();
    return [...spans.add(data), ...spans.results(context)];
  }
  const read = formats.find(([is]) => is(data))?.[1] ?? importFields;
  return [read(data, context)].flat();
}

function importOwn(data: object, context: ImportContext): ImportResult {
  const parsed = Trajectory.safeParse(data);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    return problem(issue.path.map(String).join(".") || "the whole record", issue.message);
  }
  const trajectory = parsed.data;
  const fault = partitionFault(trajectory.segments, trajectory.text.length);
  if (fault) return problem("segments", `do not partition the text: ${fault}`);
  if (deeperThan(trajectory.source, depthLimit)) return problem("source", `nests deeper than ${depthLimit} levels`);
  const profile = context.profile ?? builtInProfiles.find(({ name }) => name === trajectory.profile);
  const answer = profile ? answerText(trajectory, profile) : trajectory.answer?.text;
  return { ok: true, row: { trajectory, profile, answer, recorded: trajectory.answer?.text } };
}

/** Rows of R1-Searcher's evaluation, Search-R1's transcripts, ReAct logs and the like: a text, and facts under known names. */
function importFields(data: JsonRecord, context: ImportContext): ImportResult {
  const fields = rowFields(data);
  if ("field" in fields) return problem(fields.field, fields.reason);
  if (fields.text === undefined && fields.predicted === undefined)
    return problem("text", "is missing, and so is a recorded answer");
  const text = fields.text ?? "";
  const form = context.profile ?? detectForm(text);
  // A rollout that the evaluation program gave up keeps no text, only the answer it was given.
  if (form === undefined && text !== "") return problem("text", "holds no tags of a form that is known");
  const react = form === "react" ? importReact(text) : undefined;
  const profile = form === "react" ? undefined : form;
  const extra = unmapped(data, resultFields);
  return importedRow(
    {
      id: fields.id,
      cut: react
        ? { text: react.text, segments: react.segments, searches: react.searches }
        : profile
          ? importText(text, profile)
          : { text, segments: [], searches: [] },
      profile,
      form: form?.toString() ?? "unknown",
      question: fields.question ?? react?.question,
      golds: fields.golds,
      model: fields.model,
      stop: fields.stop,
      answer: react?.answer,
      recorded: fields.predicted,
      judge: fields.judge,
      source: { format: "gen_text_store" in data ? "r1-searcher" : "rows", ...(extra ? { extra } : {}) },
      notices: ["Who wrote which part was read from the tags; the record does not say."],
    },
    context,
  );
}

/** Fields of R1-Searcher's result files that the trajectory holds. */
export const resultFields = ["question", "answer", "pred_ans", "gen_text_store", "stop_reason_final"] as const;
