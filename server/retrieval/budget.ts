import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { allFailed } from "./retrieval-error.ts";
import type { Retriever, SearchOutcome } from "./retriever.ts";

export interface BudgetOptions {
  /** Where spending is written down; it lasts beyond the process and is shared by all that name it. */
  ledger: string;
  /** Searches allowed in a calendar month (UTC). */
  searches?: number;
  /** Money allowed in a calendar month, in the currency of `price`. */
  money?: number;
  /** Price of one search. */
  price?: number;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

export interface Spending {
  searches: number;
  money: number;
}

const Line = z.object({ month: z.string(), searches: z.number(), money: z.number() });

/**
 * Counts searches and their price, and refuses those beyond the cap with an error of kind "limit". A search is written
 * down before it is asked, and the sum is taken after that: two processes at the border refuse each other rather than
 * spend too much. A search that failed is given back.
 */
export function budgeted(inner: Retriever, options: BudgetOptions): Retriever {
  const price = options.price ?? 0;
  const month = (): string => new Date((options.now ?? Date.now)()).toISOString().slice(0, 7);
  const book = (searches: number): void => {
    mkdirSync(dirname(options.ledger), { recursive: true });
    appendFileSync(options.ledger, `${JSON.stringify({ month: month(), searches, money: searches * price })}\n`);
  };

  /** How many of the wanted searches the budget allows; those are booked. */
  function reserve(wanted: number): number {
    book(wanted);
    const total = spending(options.ledger, month());
    const over = Math.max(
      total.searches - (options.searches ?? Infinity),
      price > 0 ? Math.ceil((total.money - (options.money ?? Infinity)) / price - 1e-9) : 0,
      0,
    );
    const refused = Math.min(wanted, over);
    if (refused > 0) book(-refused);
    return wanted - refused;
  }

  /** A search that is not given back makes the budget smaller, never larger. */
  function tryToBook(searches: number): void {
    try {
      book(searches);
    } catch {
      // The next reservation says that nothing can be written.
    }
  }

  const refusal: SearchOutcome = {
    ok: false,
    error: {
      kind: "limit",
      message: `The search budget of this month (${capText(options)}) is used up; raise it or wait.`,
    },
  };

  return {
    id: inner.id,
    folders: inner.folders,
    coverage: () => inner.coverage(),
    async search(queries, k, signal) {
      if (queries.length === 0) return [];
      let allowed: number;
      try {
        allowed = reserve(queries.length);
      } catch {
        return allFailed(queries, {
          kind: "unavailable",
          message: `The spending in ${options.ledger} cannot be written down; nothing was asked.`,
        });
      }
      const outcomes = allowed > 0 ? await inner.search(queries.slice(0, allowed), k, signal) : [];
      const failed = outcomes.filter(
        (outcome) => !outcome.ok && outcome.error.kind !== "timeout" && outcome.error.kind !== "cancelled",
      ).length;
      if (failed > 0) tryToBook(-failed);
      return queries.map((_, index) => outcomes[index] ?? refusal);
    },
  };
}

/** What a month has cost so far. Half a line of a killed process does not count. */
export function spending(ledger: string, month: string): Spending {
  let text: string;
  try {
    text = readFileSync(ledger, "utf8");
  } catch {
    return { searches: 0, money: 0 };
  }
  const total = { searches: 0, money: 0 };
  for (const row of text.split("\n")) {
    const line = Line.safeParse(parseLine(row));
    if (!line.success || line.data.month !== month) continue;
    total.searches += line.data.searches;
    total.money += line.data.money;
  }
  return total;
}

function capText({ searches, money }: BudgetOptions): string {
  return [searches === undefined ? "" : `${searches} searches`, money === undefined ? "" : `${money} in money`]
    .filter(Boolean)
    .join(", ");
}

function parseLine(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
