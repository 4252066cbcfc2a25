import { resolve } from "node:path";
import { readDataSet } from "../../server/evaluation/data-sets/read-data-set.ts";
import type { HeldOutSet } from "./proof-questions.ts";

/** The name of the set that each question of some sets is in, by the question's id. */
export async function setsById(base: string, sets: readonly HeldOutSet[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { name, file } of sets)
    for (const { id } of (await readDataSet(resolve(base, file))).questions) found.set(id, name);
  return found;
}
