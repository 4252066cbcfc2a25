import { z } from "zod";
import { recordsOf } from "./line-records.ts";

/** What a search looks at, and nothing more: the line was proven to hold a trajectory when its row was made. */
const SearchedParts = z.object({
  question: z.string(),
  text: z.string(),
  searches: z.array(z.looseObject({ query: z.string() })),
});
const OwnTexts = SearchedParts.extend({ segments: z.array(z.unknown()) });

/** The texts of a trajectory that a search looks at. */
export function searchedTexts({ question, text, searches }: z.infer<typeof SearchedParts>): string[] {
  return [question, text, ...searches.map(({ query }) => query)];
}

/** The texts of each record of a line that a search looks at: question, transcript and queries; none of a record that cannot be read. */
export function recordTexts(line: Buffer): string[][] {
  const own = OwnTexts.safeParse(parsedOrUndefined(line));
  const records = own.success ? [own.data] : recordsOf(line, "", 1).map(({ trajectory }) => trajectory);
  return records.map((record) => (record ? searchedTexts(record) : []));
}

function parsedOrUndefined(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch {
    return undefined;
  }
}
