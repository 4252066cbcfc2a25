import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type BudgetOptions, budgeted, spending } from "../../../server/retrieval/budget.ts";
import type { RetrievalErrorKind } from "../../../server/retrieval/retriever.ts";
import { functionRetriever, remotePassage } from "../../fixtures/retriever.ts";

const signal = new AbortController().signal;
const march = Date.UTC(2026, 2, 31, 23, 59);
const april = Date.UTC(2026, 3, 1, 0, 1);
let home: string;
let ledger: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "searchlight-budget-"));
  ledger = join(home, "spending", "web.jsonl");
});
afterEach(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));

const source = () => functionRetriever((query) => [remotePassage(query)]);
const withBudget = (inner = source(), options: Partial<BudgetOptions> = {}) =>
  budgeted(inner, { ledger, now: () => march, ...options });
const kinds = (outcomes: readonly { ok: boolean; error?: { kind: RetrievalErrorKind } }[]) =>
  outcomes.map((outcome) => outcome.error?.kind ?? "ok");

test("searches beyond the cap are refused without being asked, and the rest of their batch is answered", async () => {
  const inner = source();
  const retriever = withBudget(inner, { searches: 3 });
  expect(kinds(await retriever.search(["a", "b"], 1, signal))).toEqual(["ok", "ok"]);
  expect(kinds(await retriever.search(["c", "d"], 1, signal))).toEqual(["ok", "limit"]);
  expect(kinds(await retriever.search(["e"], 1, signal))).toEqual(["limit"]);
  expect(inner.queries).toEqual(["a", "b", "c"]);
  expect(spending(ledger, "2026-03")).toEqual({ searches: 3, money: 0 });
});

test("money is counted by the price of a search and capped", async () => {
  const retriever = withBudget(source(), { money: 0.3, price: 0.1 });
  expect(kinds(await retriever.search(["a", "b", "c", "d"], 1, signal))).toEqual(["ok", "ok", "ok", "limit"]);
  expect(spending(ledger, "2026-03").money).toBeCloseTo(0.3, 9);
});

test("spending outlasts the process and begins anew with the month", async () => {
  await withBudget(source(), { searches: 1 }).search(["a"], 1, signal);
  expect(kinds(await withBudget(source(), { searches: 1 }).search(["b"], 1, signal))).toEqual(["limit"]);
  expect(kinds(await withBudget(source(), { searches: 1, now: () => april }).search(["b"], 1, signal))).toEqual(["ok"]);
});

test("a search that the server refused or failed costs nothing; one that ran into its time limit may have cost", async () => {
  for (const [kind, left] of [
    ["unavailable", 0],
    ["bad-response", 0],
    ["limit", 0],
    ["timeout", 1],
  ] as const) {
    rmSync(ledger, { force: true });
    await withBudget(functionRetriever(() => ({ ok: false, error: { kind, message: "no" } }))).search(["a"], 1, signal);
    expect(spending(ledger, "2026-03").searches).toBe(left);
  }
});

test("two that share a ledger never spend more than the cap together", async () => {
  const inner = source();
  const both = [withBudget(inner, { searches: 10 }), withBudget(inner, { searches: 10 })];
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, index) => both[index % 2]!.search([`q${index}`], 1, signal)),
  );
  expect(inner.queries).toHaveLength(10);
  expect(kinds(outcomes.flat()).filter((kind) => kind === "limit")).toHaveLength(10);
});

test("rubbish in the ledger counts nothing", async () => {
  await withBudget().search(["a"], 1, signal);
  appendFileSync(ledger, 'nonsense\n{"month":"2026-03","searches":"many"}\n{"mon');
  expect(spending(ledger, "2026-03").searches).toBe(1);
  expect(readFileSync(ledger, "utf8")).toContain("nonsense");
});

test("nothing is asked when spending cannot be written down", async () => {
  writeFileSync(join(home, "spending"), "");
  const inner = source();
  expect(kinds(await withBudget(inner).search(["a"], 1, signal))).toEqual(["unavailable"]);
  expect(inner.queries).toEqual([]);
});
