import type { Profile, QueryRule } from "./profile.ts";
import { collapse, strip } from "./python-text.ts";

/** The query of a stretch that stopped at the query's closing tag: what follows an opening tag; undefined where there is none. */
export function findQuery(stretch: string, { tags, query }: Pick<Profile, "tags" | "query">): string | undefined {
  const open = query.pick === "last" ? stretch.lastIndexOf(tags.queryOpen) : stretch.indexOf(tags.queryOpen);
  return open < 0 ? undefined : stretch.slice(open + tags.queryOpen.length);
}

/** What is sent to the retriever. The transcript keeps the query as the policy wrote it. */
export function cleanQuery(raw: string, rule: QueryRule): string {
  let query = raw;
  for (const each of rule.toSpace) query = query.replaceAll(each, " ");
  for (const each of rule.remove) query = query.replaceAll(each, "");
  if (rule.space === "collapse") return collapse(query);
  return rule.space === "cut" ? strip(query) : query;
}
