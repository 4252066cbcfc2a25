import type { Profile, QueryRule } from "./profile.ts";
import { collapse } from "./python-text.ts";

/** The query of a stretch that stopped at the query's closing tag: what follows the last opening tag, or none at all. */
export function findQuery(stretch: string, tags: Profile["tags"]): string | undefined {
  const open = stretch.lastIndexOf(tags.queryOpen);
  return open < 0 ? undefined : stretch.slice(open + tags.queryOpen.length);
}

/** What is sent to the retriever. The transcript keeps the query as the policy wrote it. */
export function cleanQuery(raw: string, rule: QueryRule): string {
  let query = raw;
  for (const each of rule.toSpace) query = query.replaceAll(each, " ");
  for (const each of rule.remove) query = query.replaceAll(each, "");
  return rule.collapse ? collapse(query) : query;
}
