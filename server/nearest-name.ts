/**
 * The name that a mistyped one most likely means, or undefined where none is near: at most a third of its letters may be missing, wrong,
 * too many or swapped with the next one.
 */
export function nearestName(given: string, names: Iterable<string>): string | undefined {
  const typed = given.toLowerCase();
  let nearest: string | undefined;
  let least = Math.max(1, Math.floor(typed.length / 3)) + 1;
  for (const name of names) {
    // What is longer than any name is nobody's slip of the pen.
    if (Math.abs(name.length - typed.length) >= least) continue;
    const slips = slipsBetween(typed, name.toLowerCase());
    if (slips >= least) continue;
    least = slips;
    nearest = name;
  }
  return nearest;
}

/** How a guess begins. */
export const perhaps = " (perhaps ";

/** The rest of a sentence that has named what is not known: ` (perhaps "x" is meant)`, or nothing. */
export function perhapsMeant(given: string, names: Iterable<string>): string {
  const nearest = nearestName(given, names);
  return nearest === undefined ? "" : `${perhaps}${JSON.stringify(nearest)} is meant)`;
}

/** Optimal string alignment distance: insertions, deletions, substitutions, and swaps of neighbours (Damerau 1964). */
function slipsBetween(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1];
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      row[j] = Math.min(
        last[j]! + 1,
        row[j - 1]! + 1,
        last[j - 1]! + (same ? 0 : 1),
        swapped ? beforeLast[j - 2]! + 1 : Infinity,
      );
    }
    beforeLast = last;
    last = row;
  }
  return last[other.length]!;
}
