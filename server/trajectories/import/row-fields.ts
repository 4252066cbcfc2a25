import type { FieldProblem } from "./imported-trajectory.ts";

/** What a record of any known form says beside its text. Absent where it says nothing. */
export interface RowFields {
  id?: string;
  question?: string;
  golds: string[];
  predicted?: string;
  model?: string;
  stop?: string;
  text?: string;
  /** A judge's verdict on the answer, where the record holds one that is clear. */
  judge?: boolean;
}

type Row = Record<string, unknown>;

/** The names under which the known forms keep a thing, first come first. */
const names = {
  id: ["id", "idx", "uid", "index"],
  question: ["question", "query", "prompt_question"],
  predicted: ["predicted", "pred_ans", "prediction", "pred"],
  model: ["model", "model_name"],
  stop: ["stop", "stop_reason_final", "outcome"],
  text: ["text", "gen_text_store", "solution", "completion", "transcript", "response", "output"],
  golds: ["answers", "golds", "golden_answers", "gold_answers", "gold", "answer", "target"],
} as const;

/** Reads the fields of R1-Searcher result files, reward logs, Search-R1 rows, ReAct logs and the data sets here. */
export function rowFields(row: Row): RowFields | FieldProblem {
  const fields: RowFields = { golds: [] };
  for (const key of ["id", "question", "predicted", "model", "stop", "text"] as const) {
    const field = names[key].find((name) => row[name] !== undefined && row[name] !== null);
    if (field === undefined) continue;
    const value = row[field];
    if (typeof value === "string") fields[key] = value;
    else if ((key === "id" || key === "predicted") && (typeof value === "number" || typeof value === "boolean"))
      fields[key] = booleanText(value);
    else return { field, reason: `holds ${kindOf(value)} where a text is expected` };
  }
  const verdict = ["judge", "gpt4o_output"].map((name) => row[name]).find((value) => value !== undefined);
  const judge = typeof verdict === "string" ? clearVerdict(verdict) : verdict;
  if (typeof judge === "boolean") fields.judge = judge;
  const field = names.golds.find((name) => row[name] !== undefined && row[name] !== null);
  const golds = field === undefined ? nestedTarget(row) : { field, value: row[field] };
  if (!golds) return fields;
  const list = Array.isArray(golds.value) ? (golds.value as unknown[]) : [golds.value];
  for (const [index, gold] of list.entries()) {
    if (typeof gold === "string") fields.golds.push(gold);
    else if (typeof gold === "number" || typeof gold === "boolean") fields.golds.push(booleanText(gold));
    else return { field: `${golds.field}[${index}]`, reason: `holds ${kindOf(gold)} where a text is expected` };
  }
  return fields;
}

/** Search-R1 keeps gold answers at `reward_model.ground_truth.target`. */
function nestedTarget(row: Row): { field: string; value: unknown } | undefined {
  let value: unknown = row;
  for (const name of ["reward_model", "ground_truth", "target"]) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Row)[name];
  }
  return value === undefined ? undefined : { field: "reward_model.ground_truth.target", value };
}

/** A verdict as R1-Searcher's result files keep it: what the judge wrote, which may be more than the word. */
function clearVerdict(written: string): boolean | undefined {
  const word = /^\W*(true|false)\b/iu.exec(written)?.[1]?.toLowerCase();
  return word === undefined ? undefined : word === "true";
}

/** A Boolean answer as Python writes it, which the normaliser takes for yes or no. */
function booleanText(value: number | boolean): string {
  return typeof value === "number" ? String(value) : value ? "True" : "False";
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
