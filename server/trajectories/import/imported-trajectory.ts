import { partitionFault } from "../../../protocol/masks.ts";
import type { Reward } from "../../../protocol/reward.ts";
import {
  Trajectory,
  type Sampling,
  type Source,
  type Tokens,
  type TrainingPlace,
} from "../../../protocol/trajectory.ts";
import { answerText } from "../../rollout/answer-text.ts";
import type { Profile } from "../../rollout/profile.ts";
import type { ImportedText } from "../import-text.ts";
import { stopOf } from "./stop-reason.ts";

/** A trajectory that another program wrote, with what its record says of it. */
export interface ImportedRow {
  trajectory: Trajectory;
  /** Absent for forms that no rollout profile describes (ReAct, chats without tags). */
  profile: Profile | undefined;
  /** The answer that the text itself gives. */
  answer: string | undefined;
  /** The answer that the record names beside its text; the released result files differ from their text in places. */
  recorded: string | undefined;
  /** A judge's verdict that the record holds. */
  judge?: boolean;
}

/** A field that holds something it cannot hold. */
export interface FieldProblem {
  field: string;
  reason: string;
}

export type ImportResult = { ok: true; row: ImportedRow } | ({ ok: false } & FieldProblem);

export interface ImportContext {
  /** For records that name no id. */
  fallbackId: string;
  /** ISO time; records of other programs have none. */
  createdAt: string;
  /** Reads every text by this profile's tags instead of those that the text shows. */
  profile?: Profile;
  /** Text of token ids, for records that hold ids alone. Absent: their text stays empty. */
  tokenizer?: { id: string; decode(ids: readonly number[]): string };
}

/** What a reader found in a record. */
export interface ImportedFacts {
  id: string | undefined;
  cut: ImportedText;
  profile: Profile | undefined;
  /** Name to show where no profile describes the form. */
  form?: string;
  source: Source;
  notices: string[];
  question?: string | undefined;
  golds?: readonly string[] | undefined;
  model?: string | undefined;
  /** The stop reason as the record writes it. */
  stop?: string | undefined;
  /** Answer of the text, where the reader knows better than the tags. */
  answer?: string | undefined;
  /** Answer that the record names. */
  recorded?: string | undefined;
  judge?: boolean | undefined;
  reward?: Reward | undefined;
  tokens?: Tokens | undefined;
  training?: TrainingPlace | undefined;
  createdAt?: string | undefined;
  sampling?: Sampling | undefined;
  usage?: Partial<Trajectory["usage"]> | undefined;
  /** Replaces what is read from the record, where Searchlight itself wrote more beside it. */
  override?: Partial<Trajectory> | undefined;
}

/** Builds the trajectory of a record and proves it: its schema holds and its segments partition its text. */
export function importedRow(facts: ImportedFacts, context: ImportContext): ImportResult {
  const { cut, profile, source, recorded } = facts;
  const answer = facts.answer ?? (profile ? answerText(cut, profile) : undefined);
  const chosen = recorded ?? answer;
  const turns = new Set(cut.segments.filter(({ origin }) => origin === "policy").map(({ turn }) => turn)).size;
  const searchSeconds = cut.searches.reduce((sum, { seconds }) => sum + seconds, 0);
  const candidate: Trajectory = {
    version: 1,
    id: facts.id ?? context.fallbackId,
    createdAt: isoTime(facts.createdAt) ?? context.createdAt,
    status: "done",
    question: facts.question ?? "",
    ...(facts.golds && facts.golds.length > 0 ? { golds: [...facts.golds] } : {}),
    profile: profile?.name ?? facts.form ?? "unknown",
    policy: { id: `imported:${facts.model ?? "unknown"}`, kind: "imported", label: facts.model ?? "Imported" },
    sampling: facts.sampling ?? {},
    index: { id: "imported", folders: [] },
    ...cut,
    stop: stopOf(facts.stop, chosen),
    usage: { turns, searches: cut.searches.length, seconds: 0, policySeconds: 0, searchSeconds, ...facts.usage },
    ...(chosen === undefined
      ? {}
      : { answer: { text: chosen, abstained: false, sentences: [], citations: [], nearest: [] } }),
    ...(facts.tokens ? { tokens: facts.tokens } : {}),
    ...(facts.reward ? { reward: facts.reward } : {}),
    ...(facts.training && Object.keys(facts.training).length > 0 ? { training: facts.training } : {}),
    source,
    notices: facts.notices,
    ...facts.override,
  };
  const parsed = Trajectory.safeParse(candidate);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    return problem(issue.path.map(String).join(".") || "the whole record", issue.message);
  }
  const fault = partitionFault(candidate.segments, candidate.text.length);
  if (fault) return problem("text", `cannot be cut into segments: ${fault}`);
  const judge = facts.judge === undefined ? {} : { judge: facts.judge };
  return { ok: true, row: { trajectory: parsed.data, profile, answer, recorded, ...judge } };
}

/** A time in ISO form with a zone, or undefined where it is none. */
export function isoTime(written: string | undefined): string | undefined {
  if (written === undefined) return undefined;
  const time = new Date(written);
  const year = time.getUTCFullYear();
  return year >= 0 && year <= 9999 ? time.toISOString() : undefined;
}

export function problem(field: string, reason: string): { ok: false } & FieldProblem {
  return { ok: false, field, reason };
}
