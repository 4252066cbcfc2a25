import { expect } from "vitest";
import { referenceRows } from "../../fixtures/golden.ts";

/** One reference computation: what a published trainer was given and what it returned in float64. */
export interface GoldenRow {
  readonly id: string;
  readonly params: Record<string, any>;
  readonly inputs: any;
  readonly out?: any;
  readonly out64?: any;
  readonly error?: string;
  readonly kind?: string;
  readonly ranks?: number;
  readonly source: { readonly at: string | readonly string[] };
}

/** Rows of one file under golden/rl with the strings for NaN and infinity made numbers again. */
export function rlRows(file: string): GoldenRow[] {
  return referenceRows<GoldenRow>(`golden/rl/${file}`).map((row) => ({ ...row, out: revive(row.out), out64: revive(row.out64) }));
}

function revive(value: any): any {
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)]));
  return value;
}

/** The program and function a row was made by, the last one where several ran in a row: `R1-Searcher:compute_reward`. */
export function programOf(row: GoldenRow): string {
  const at = typeof row.source.at === "string" ? row.source.at : row.source.at.at(-1)!;
  const parts = at.split(":");
  return `${parts[0]!.split("/").at(-1)!}:${parts.at(-1)!.split(".").at(-1)!}`;
}

/** What the float64 run gave, or the float32 run where there is no float64 one, and how closely ours must agree. */
export function wanted(row: GoldenRow): { out: any; tolerance: number } {
  return row.out64 === undefined ? { out: row.out, tolerance: 1e-6 } : { out: row.out64, tolerance: 1e-9 };
}

/** Nested numbers agree to an absolute-or-relative tolerance; where `mask` is given, only at its unmasked places. */
export function expectClose(actual: any, expected: any, tolerance: number, label: string, mask?: any): void {
  if (typeof expected === "number") {
    if (mask === 0) return;
    const limit = tolerance * Math.max(1, Math.abs(expected));
    if (!(Math.abs(actual - expected) <= limit)) expect.fail(`${label}: ${actual} where the reference gives ${expected}`);
    return;
  }
  const rows: any[] = Array.from(expected);
  if (actual.length !== rows.length) expect.fail(`${label}: ${actual.length} entries where the reference has ${rows.length}`);
  rows.forEach((item, k) => expectClose(actual[k], item, tolerance, `${label}[${k}]`, mask?.[k]));
}

/** Every number of nested arrays is exactly 0. */
export function expectZeros(actual: any, label: string): void {
  for (const value of flat(actual)) if (value !== 0) expect.fail(`${label}: ${value} where 0 was expected`);
}

/** Every number of nested arrays is finite. */
export function expectFinite(actual: any, label: string): void {
  for (const value of flat(actual)) if (!Number.isFinite(value)) expect.fail(`${label}: ${value} where a finite number was expected`);
}

function flat(value: any): number[] {
  return typeof value === "number" ? [value] : Array.from(value as ArrayLike<any>).flatMap(flat);
}

/** All ones, of the same shape: what a program without a mask trains on. */
export function onesLike(tokens: any): number[][] {
  return Array.from(tokens as ArrayLike<ArrayLike<number>>, (row) => Array.from({ length: row.length }, () => 1));
}
