import type { Recipe } from "../../../protocol/recipe.ts";
import type { RunSpending } from "../../../protocol/run.ts";

type Budget = Recipe["budget"];

/** Spending so far and what came to it; money by the price table. */
export function spend(
  spent: RunSpending,
  more: Partial<Omit<RunSpending, "money">>,
  { prices }: Pick<Budget, "prices">,
): RunSpending {
  const sum = {
    policyTokens: spent.policyTokens + (more.policyTokens ?? 0),
    trainedTokens: spent.trainedTokens + (more.trainedTokens ?? 0),
    searches: spent.searches + (more.searches ?? 0),
    seconds: spent.seconds + (more.seconds ?? 0),
  };
  const money =
    (sum.seconds / 3600) * prices.perHour +
    (sum.policyTokens / 1e6) * prices.perMillionSampled +
    (sum.trainedTokens / 1e6) * prices.perMillionTrained +
    (sum.searches / 1e3) * prices.perThousandSearches;
  return { ...sum, money };
}

/** Why the budget ends the run, or undefined. */
export function overBudget(spent: RunSpending, budget: Budget): string | undefined {
  const caps: [string, number, number | undefined][] = [
    ["sampled tokens", spent.policyTokens, budget.policyTokens],
    ["trained tokens", spent.trainedTokens, budget.trainedTokens],
    ["searches", spent.searches, budget.searches],
    ["minutes", spent.seconds / 60, budget.minutes],
    [budget.prices.currency, spent.money, budget.money],
  ];
  const over = caps.find(([, value, cap]) => cap !== undefined && value >= cap);
  return over && `The budget of ${over[2]} ${over[0]} is spent; raise it in the recipe and resume to go on.`;
}
