import type { Lance } from "../lance.ts";
import { type DatabaseOptions, openDatabase } from "./database.ts";
import { type IndexPlace, placeText } from "./index-place.ts";
import { PlaceFault } from "./place-fault.ts";
import { openStoredState } from "./stored-state.ts";

const racers = 4;
const key = "race";

/**
 * Tries whether a store makes one of several writers win: every commit rests on writing an object only where there is none. Rejects with a
 * `PlaceFault` where two won, since writers there would lose each other's commits unseen.
 */
export async function checkOneWins(lance: Lance, place: IndexPlace, options: DatabaseOptions): Promise<void> {
  const databases = await Promise.all(Array.from({ length: racers }, () => openDatabase(lance, place, options)));
  try {
    const states = [];
    // One after the other: the first makes the table.
    for (const database of databases) states.push(await openStoredState(database));
    await states[0]!.put(key, "start");
    const won = await Promise.all(states.map((state, racer) => state.swap(key, "start", `racer ${racer}`)));
    await states[0]!.remove(key);
    if (won.filter(Boolean).length !== 1)
      throw new PlaceFault(
        "other",
        `${placeText(place)} lets several writers win at once, so commits would be lost; use a store with conditional writes.`,
      );
  } finally {
    for (const database of databases) database.close();
  }
}
