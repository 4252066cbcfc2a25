import type { SkippedFile } from "../../protocol/index-status.ts";

/** Files of one reason that are named; a folder of a hundred thousand pictures must not fill every status that is sent. */
const mostNamed = 100;

/** Files that are skipped, with their reasons: the first of each reason by name, the rest as a number. */
export class SkipList {
  readonly #byReason = new Map<string, { paths: string[]; more: number }>();

  add(path: string, reason: string): void {
    const entry = this.#byReason.get(reason) ?? { paths: [], more: 0 };
    this.#byReason.set(reason, entry);
    if (entry.paths.length < mostNamed) entry.paths.push(path);
    else entry.more += 1;
  }

  list(): SkippedFile[] {
    return [...this.#byReason].flatMap(([reason, { paths, more }]) => [
      ...paths.map((path) => ({ path, reason })),
      ...(more > 0 ? [{ path: `(${more} more)`, reason, count: more }] : []),
    ]);
  }
}
