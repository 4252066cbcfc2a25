import type { Recipe } from "../../../protocol/recipe.ts";
import type { RunMetrics } from "../../../protocol/run.ts";

/** A monitor that is out of its bounds. */
export interface Alarm {
  monitor: string;
  level: "warn" | "pause" | "stop";
  value: number | null;
  message: string;
}

/**
 * Holds an iteration's metrics against the recipe's thresholds. `counts` is how many iterations in a row each monitor was out of bounds and
 * is brought up to date. What is not finite always pauses.
 */
export function checkHealth(
  metrics: RunMetrics,
  { health }: Pick<Recipe, "health">,
  iteration: number,
  counts: Record<string, number>,
): Alarm[] {
  const alarms: Alarm[] = [];
  for (const [name, value] of Object.entries(metrics))
    if (!Number.isFinite(value))
      alarms.push({
        monitor: name,
        level: "pause",
        value: null,
        message: `${name} is no finite number: the adapter may be spoilt; going on restores the last checkpoint.`,
      });
  for (const [name, threshold] of Object.entries(health)) {
    const value = metrics[name];
    if (!threshold || value === undefined || iteration < threshold.after) continue;
    const under = threshold.min !== undefined && value < threshold.min;
    const over = threshold.max !== undefined && value > threshold.max;
    counts[name] = under || over ? (counts[name] ?? 0) + 1 : 0;
    if (counts[name]! < threshold.for) continue;
    counts[name] = 0;
    const bound = under ? `below ${threshold.min}` : `above ${threshold.max}`;
    const level = threshold.action;
    alarms.push({ monitor: name, level, value, message: `${name} is ${value.toPrecision(3)}, ${bound}.` });
  }
  return alarms;
}
