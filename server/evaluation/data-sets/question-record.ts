import { z } from "zod";
import { supportsOf } from "./supports.ts";
import { hopsOf } from "./hops.ts";
import { type BadQuestion, type EvaluationQuestion, difficulties } from "./question.ts";

export type RecordReading = { ok: true; question: EvaluationQuestion } | ({ ok: false } & BadQuestion);

type Row = Record<string, unknown>;

/** Longer than any question; what is longer is a document in the wrong field. */
const longestQuestion = 100_000;

/** The names under which the known forms keep a thing, first come first. */
const idNames = ["id", "idx", "qid", "_id", "uid"] as const;
const questionNames = ["question", "query"] as const;
const goldNames = ["answers", "golds", "golden_answers", "gold_answers", "answer", "gold", "target"] as const;

const ChatPrompt = z.array(z.object({ role: z.string(), content: z.string() })).min(1);

/** Reads one record by its fields: the sets of the data folder, R1-Searcher, Search-R1, tables, and our own question files. */
export function questionOf(data: unknown, line: number): RecordReading {
  const bad = (field: string, reason: string): RecordReading => ({ ok: false, line, field, reason });
  if (typeof data !== "object" || data === null || Array.isArray(data)) return bad("the whole record", "is no object");
  const row = data as Row;
  const asked = askedQuestion(row);
  if ("reason" in asked) return bad(asked.field, asked.reason);
  const golds = goldsOf(row);
  if ("reason" in golds) return bad(golds.field, golds.reason);
  const id = idOf(row, line);
  if (id === undefined)
    return bad("id", `holds ${kindOf(first(row, idNames)?.value)} where a text or a number is expected`);
  const supports = supportsOf(row);
  if ("reason" in supports) return bad(supports.field, supports.reason);
  const type = row["type"];
  const difficulty = difficulties.find((each) => each === row["difficulty"]);
  const question: EvaluationQuestion = {
    id,
    line,
    question: asked.text,
    golds: golds.list,
    answerable: row["answerable"] !== false,
    ...(typeof type === "string" && type !== "" ? { type } : {}),
    ...(difficulty ? { difficulty } : {}),
    supports: supports.list,
    answerBearing: texts(row["answer_bearing_ids"]),
    hops: hopsOf(row),
  };
  return { ok: true, question };
}

interface Fault {
  field: string;
  reason: string;
}

function askedQuestion(row: Row): { text: string } | Fault {
  const found = first(row, questionNames) ?? promptQuestion(row);
  if (!found) return { field: "question", reason: "is missing" };
  const { name, value } = found;
  if (typeof value !== "string") return { field: name, reason: `holds ${kindOf(value)} where a text is expected` };
  if (value.trim() === "") return { field: name, reason: "is empty" };
  if (value.length > longestQuestion)
    return { field: name, reason: `has ${value.length} characters, more than ${longestQuestion}` };
  return { text: value.trim() };
}

/** Search-R1 keeps the question after the one `Question:` of a prompt that explains the task. */
function promptQuestion(row: Row): { name: string; value: unknown } | undefined {
  const prompt = ChatPrompt.safeParse(row["prompt"]);
  const text = prompt.success ? prompt.data.at(-1)!.content : undefined;
  if (text === undefined) return undefined;
  const at = text.indexOf("Question:");
  return { name: "prompt", value: at < 0 ? text : text.slice(at + "Question:".length) };
}

function goldsOf(row: Row): { list: string[] } | Fault {
  const found = first(row, goldNames) ?? nestedTarget(row);
  if (!found) return { list: [] };
  const list = Array.isArray(found.value) ? (found.value as unknown[]) : [found.value];
  const golds: string[] = [];
  for (const [index, gold] of list.entries()) {
    const text = answerText(gold);
    if (text === undefined)
      return { field: `${found.name}[${index}]`, reason: `holds ${kindOf(gold)} where a text is expected` };
    if (text.trim() !== "") golds.push(text);
  }
  return { list: golds };
}

/** Search-R1 keeps gold answers at `reward_model.ground_truth.target`. */
function nestedTarget(row: Row): { name: string; value: unknown } | undefined {
  const model = z
    .object({ ground_truth: z.union([z.object({ target: z.unknown() }), z.string()]) })
    .safeParse(row["reward_model"]);
  if (!model.success) return undefined;
  const truth = model.data.ground_truth;
  return { name: "reward_model.ground_truth", value: typeof truth === "string" ? truth : truth.target };
}

/** A Boolean answer is written as Python does, which the normaliser takes for yes or no. */
function answerText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "number" || typeof value === "bigint" ? String(value) : undefined;
}

function idOf(row: Row, line: number): string | undefined {
  const found = first(row, idNames) ?? searchR1Index(row);
  if (!found) return `line-${line}`;
  const { value } = found;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return typeof value === "string" && value !== "" && value.length <= 300 ? value : undefined;
}

function searchR1Index(row: Row): { name: string; value: unknown } | undefined {
  const extra = z
    .object({ index: z.union([z.string(), z.number(), z.bigint()]), split: z.string().optional() })
    .safeParse(row["extra_info"]);
  if (!extra.success) return undefined;
  const { index, split } = extra.data;
  return { name: "extra_info.index", value: split ? `${split}_${index}` : String(index) };
}

function first(row: Row, names: readonly string[]): { name: string; value: unknown } | undefined {
  const name = names.find((each) => row[each] !== undefined && row[each] !== null);
  return name === undefined ? undefined : { name, value: row[name] };
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value === null) return "null";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
