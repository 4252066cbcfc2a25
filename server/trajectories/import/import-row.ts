import { Trajectory, type StopReason } from "../../../protocol/trajectory.ts";
import { answerText } from "../../rollout/answer-text.ts";
import { type Profile, builtInProfiles } from "../../rollout/profile.ts";
import { importText } from "../import-text.ts";
import { importReact } from "./react-text.ts";
import { type FieldProblem, rowFields } from "./row-fields.ts";

/** A trajectory that another program wrote, with what its record says of it. */
export interface ImportedRow {
  trajectory: Trajectory;
  /** Absent for forms that no rollout profile describes (ReAct). */
  profile: Profile | undefined;
  /** The answer that the text itself gives. */
  answer: string | undefined;
  /** The answer that the record names beside its text; the released result files differ from their text in places. */
  recorded: string | undefined;
  /** A judge's verdict that the record holds. */
  judge?: boolean;
}

export type ImportResult = { ok: true; row: ImportedRow } | ({ ok: false } & FieldProblem);

export interface ImportContext {
  /** For records that name no id. */
  fallbackId: string;
  /** ISO time; records of other programs have none. */
  createdAt: string;
  /** Reads every text by this profile's tags instead of those that the text shows. */
  profile?: Profile;
}

/** Reads one record by its content: a trajectory of ours, or a row or transcript of R1-Searcher, Search-R1 or ReAct. */
export function importRow(data: unknown, context: ImportContext): ImportResult {
  if (typeof data === "string") return importFields({ text: data }, context);
  if (typeof data !== "object" || data === null || Array.isArray(data))
    return problem("the whole record", "is no JSON object");
  return "segments" in data ? importOwn(data, context) : importFields(data as Record<string, unknown>, context);
}

function importOwn(data: object, context: ImportContext): ImportResult {
  const parsed = Trajectory.safeParse(data);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    return problem(issue.path.map(String).join(".") || "the whole record", issue.message);
  }
  const trajectory = parsed.data;
  const profile = context.profile ?? builtInProfiles.find(({ name }) => name === trajectory.profile);
  const answer = profile ? answerText(trajectory, profile) : trajectory.answer?.text;
  return { ok: true, row: { trajectory, profile, answer, recorded: trajectory.answer?.text } };
}

function importFields(data: Record<string, unknown>, context: ImportContext): ImportResult {
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
  const cut = react ?? (profile ? importText(text, profile) : { text, segments: [], searches: [] });
  const answer = react ? react.answer : profile ? answerText(cut, profile) : undefined;
  const recorded = fields.predicted;
  const chosen = recorded ?? answer;
  const turns = new Set(cut.segments.filter(({ origin }) => origin === "policy").map(({ turn }) => turn)).size;
  const trajectory: Trajectory = {
    version: 1,
    id: fields.id ?? context.fallbackId,
    createdAt: context.createdAt,
    status: "done",
    question: fields.question ?? react?.question ?? "",
    ...(fields.golds.length > 0 ? { golds: fields.golds } : {}),
    profile: profile?.name ?? form?.toString() ?? "unknown",
    policy: { id: `imported:${fields.model ?? "unknown"}`, kind: "imported", label: fields.model ?? "Imported" },
    sampling: {},
    index: { id: "imported", folders: [] },
    text: cut.text,
    segments: cut.segments,
    searches: cut.searches,
    stop: stopOf(fields.stop, answer),
    usage: { turns, searches: cut.searches.length, seconds: 0, policySeconds: 0, searchSeconds: 0 },
    ...(chosen === undefined
      ? {}
      : { answer: { text: chosen, abstained: false, sentences: [], citations: [], nearest: [] } }),
    notices: ["Who wrote which part was read from the tags; the record does not say."],
  };
  const judge = fields.judge === undefined ? {} : { judge: fields.judge };
  return { ok: true, row: { trajectory, profile, answer, recorded, ...judge } };
}

/** Marks of each form. The first in the text decides, since a retrieved document may hold any of them. */
const marks: readonly { form: "r1-searcher" | "search-r1" | "react"; pattern: RegExp }[] = [
  { form: "r1-searcher", pattern: /<\|(?:begin|end)_of_(?:query|documents)\|>/u },
  { form: "search-r1", pattern: /<\/?(?:search|information)>/u },
  { form: "react", pattern: /^(?:Thought|Action) 1:/mu },
];

function detectForm(text: string): Profile | "react" | undefined {
  let best: { form: (typeof marks)[number]["form"]; at: number } | undefined;
  for (const { form, pattern } of marks) {
    const at = text.search(pattern);
    if (at >= 0 && (!best || at < best.at)) best = { form, at };
  }
  // Without a search the forms differ in who opens the thinking: R1-Searcher's prompt does, Search-R1's policy does.
  if (!best && /<\/think>|<answer>/u.test(text))
    best = { form: text.includes("<think>") ? "search-r1" : "r1-searcher", at: 0 };
  if (!best || best.form === "react") return best?.form as "react" | undefined;
  const { form } = best;
  return builtInProfiles.find(({ name }) => name === form);
}

/** Stop reasons of R1-Searcher's evaluation and outcomes of ReAct logs. */
const stops: Readonly<Record<string, StopReason>> = {
  finished: "finished",
  many_retrieve: "search-limit",
  query_inst_error: "empty-query",
  shot_down: "no-answer",
  retrieve_error: "retrieval-error",
  correct: "finished",
  incorrect: "finished",
  halted: "turn-limit",
};

function stopOf(written: string | undefined, answer: string | undefined): NonNullable<Trajectory["stop"]> {
  const known = written === undefined || !Object.hasOwn(stops, written) ? undefined : stops[written];
  return {
    reason: known ?? (answer === undefined ? "no-answer" : "finished"),
    ...(written ? { detail: `The record says: ${written.slice(0, 200)}.` } : {}),
  };
}

function problem(field: string, reason: string): ImportResult {
  return { ok: false, field, reason };
}
