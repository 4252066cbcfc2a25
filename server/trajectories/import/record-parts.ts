import type { z } from "zod";
import type { Reward } from "../../../protocol/reward.ts";
import { type FieldProblem, problem } from "./imported-trajectory.ts";

/** A JSON object whose own fields are not known yet. */
export type JsonRecord = Record<string, unknown>;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The fields that no reader gave a meaning, for the way back. `__proto__` is left out: it is a name that nothing of value has
 * and that programs stumble over.
 */
export function unmapped(row: JsonRecord, mapped: readonly string[]): JsonRecord | undefined {
  const rest = Object.entries(row).filter(([name]) => name !== "__proto__" && !mapped.includes(name));
  return rest.length === 0 ? undefined : Object.fromEntries(rest);
}

/** Parses a record by its schema; the first thing that is wrong is named with its place. */
export function parseRecord<T extends z.ZodType>(
  schema: T,
  data: unknown,
): { ok: true; data: z.infer<T> } | ({ ok: false } & FieldProblem) {
  const parsed = schema.safeParse(data);
  if (parsed.success) return { ok: true, data: parsed.data };
  const issue = parsed.error.issues[0]!;
  return problem(issue.path.map(String).join(".") || "the whole record", lowered(issue.message));
}

function lowered(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

/**
 * A reward that a record names. The total is its own component of weight 1; what it was made of, if the record says so, stands
 * beside it with weight 0, since no record says how they were weighed.
 */
export function recordedReward(format: string, total: number, parts: readonly (readonly [string, number])[]): Reward {
  const component = (name: string, value: number, weight: number) => ({ name, value, weight, violations: [] });
  return {
    profile: `recorded:${format}`,
    total,
    components: [component("score", total, 1), ...parts.map(([name, value]) => component(name, value, 0))],
  };
}

/** The numeric fields among these, in order. */
export function numbersOf(fields: JsonRecord): [string, number][] {
  return Object.entries(fields).filter((field): field is [string, number] => Number.isFinite(field[1]));
}

/** Gold answers as data sets keep them: a text, a list, or Search-R1's `{target}`. */
export function goldsOf(value: unknown): string[] {
  if (isRecord(value)) return goldsOf(value["target"] ?? value["ground_truth"] ?? value["answers"]);
  if (Array.isArray(value))
    return value.flatMap((each) => (Array.isArray(each) || isRecord(each) ? [] : goldsOf(each)));
  if (typeof value === "string") return [value];
  return typeof value === "number" ? [String(value)] : [];
}

/** The question of a prompt in R1-Searcher's or Search-R1's words; undefined where the prompt has others. */
export function questionInPrompt(prompt: string): string | undefined {
  const base = /(?:^|\n)User: ?([^\n]+)\nAssistant: ?(?:<think>)?\s*$/u.exec(prompt)?.[1];
  return (base ?? /^[^]*Question: ?([^\n]+)/u.exec(prompt)?.[1])?.trim();
}

/** Whether a value nests deeper than this; what does is no record, and would exhaust whoever walks it. */
export function deeperThan(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limit) return true;
    level = level.flatMap((each) => (typeof each === "object" && each !== null ? Object.values(each) : []));
  }
  return false;
}
