import { expect } from "vitest";
import { referenceRows } from "../../fixtures/golden.ts";

/** A number or arrays of them, as deep as a reference row has them. */
export type Nested = number | { readonly length: number; readonly [index: number]: Nested };

/**
 * One reference computation: what a published trainer was given and what it returned in float64. The types name every field that the
 * rows of one file have; a program's rows hold those it knows.
 */
export interface GoldenRow<Params = object, Inputs = object, Out = object> {
  readonly id: string;
  readonly params: Params;
  readonly inputs: Inputs;
  readonly out64: Out;
  readonly error?: string;
  readonly kind?: string;
  readonly ranks?: number;
  readonly source: { readonly at: string | readonly string[] };
}

/** Rows of one file under golden/rl with the strings for NaN and infinity made numbers again. */
export function rlRows<Row extends GoldenRow>(file: string): Row[] {
  return referenceRows<Row>(`golden/rl/${file}`).map((row) => ({ ...row, out64: revive(row.out64) as Row["out64"] }));
}

function revive(value: unknown): unknown {
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)]));
  return value;
}

/** The program and function a row was made by, the last one where several ran in a row: `R1-Searcher:compute_reward`. */
export function programOf(row: GoldenRow): string {
  const at = typeof row.source.at === "string" ? row.source.at : row.source.at.at(-1)!;
  const parts = at.split(":");
  return `${parts[0]!.split("/").at(-1)!}:${parts.at(-1)!.split(".").at(-1)!}`;
}

/** Nested numbers agree to an absolute-or-relative tolerance; where `mask` is given, only at its unmasked places. */
export function expectClose(
  actual: Nested | undefined,
  expected: Nested,
  tolerance: number,
  label: string,
  mask?: Nested,
): void {
  if (typeof expected === "number") {
    if (mask === 0) return;
    const limit = tolerance * Math.max(1, Math.abs(expected));
    if (!(typeof actual === "number" && Math.abs(actual - expected) <= limit)) {
      expect.fail(`${label}: ${String(actual)} where the reference gives ${expected}`);
    }
    return;
  }
  if (typeof actual !== "object" || actual.length !== expected.length) {
    expect.fail(`${label}: not the ${expected.length} entries that the reference has`);
  }
  for (let k = 0; k < expected.length; k++) {
    expectClose(actual[k], expected[k]!, tolerance, `${label}[${k}]`, typeof mask === "object" ? mask[k] : undefined);
  }
}

/** Every number of nested arrays is exactly 0. */
export function expectZeros(actual: Nested, label: string): void {
  for (const value of flat(actual)) if (value !== 0) expect.fail(`${label}: ${value} where 0 was expected`);
}

/** Every number of nested arrays is finite. */
export function expectFinite(actual: Nested, label: string): void {
  for (const value of flat(actual))
    if (!Number.isFinite(value)) expect.fail(`${label}: ${value} where a finite number was expected`);
}

function flat(value: Nested): number[] {
  return typeof value === "number" ? [value] : Array.from(value as ArrayLike<Nested>).flatMap(flat);
}

/** All ones, of the same shape: what a program without a mask trains on. */
export function onesLike(tokens: readonly ArrayLike<number>[]): number[][] {
  return tokens.map((row) => Array.from({ length: row.length }, () => 1));
}
