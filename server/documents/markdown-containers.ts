import type { Unit } from "./document.ts";
import { estimateTokens, mostTokens } from "./token-estimate.ts";

/** Units that a container may reach over. */
const longestContainer = 40;

/** What a unit is to the container that an earlier one opened. */
type Verdict = "inside" | "closes" | "outside";

interface Container {
  /** Without a closing mark it is none. */
  closed: boolean;
  verdict(text: string): Verdict;
}

/**
 * Joins what stands inside an admonition with its fences, so that a warning is not cut off from the word that says it is one:
 * `:::note … :::` (Docusaurus, MyST), `/// tip … ///` (PyMdown), `!!! note` and `=== "Tab"` with indented text (MkDocs),
 * `{{< note >}} … {{< /note >}}` (Hugo). One that is too long for a passage, or holds headings, stays the blocks it is made of.
 */
export function joinContainers(source: string, units: readonly Unit[]): Unit[] {
  const joined: Unit[] = [];
  for (let at = 0; at < units.length; at++) {
    const last = lastOfContainer(source, units, at);
    joined.push(last === at ? units[at]! : { ...units[at]!, end: units[last]!.end });
    at = last;
  }
  return joined;
}

/** Index of the last unit of the container that begins with a unit; the same index where none does, or where it is not joined. */
function lastOfContainer(source: string, units: readonly Unit[], at: number): number {
  const textOf = ({ start, end }: Unit): string => source.slice(start, end);
  const opener = units[at]!;
  const container = opener.isHeading ? undefined : containerOf(textOf(opener));
  if (!container) return at;
  let last = at;
  let verdict: Verdict = "inside";
  for (let next = at + 1; next < units.length && next - at <= longestContainer && verdict === "inside"; next++) {
    if (units[next]!.isHeading) break;
    verdict = container.verdict(textOf(units[next]!));
    if (verdict !== "outside") last = next;
  }
  if (container.closed && verdict !== "closes") return at;
  return estimateTokens(source.slice(opener.start, units[last]!.end)) <= mostTokens ? last : at;
}

/** The container that a block opens and does not close itself. */
function containerOf(text: string): Container | undefined {
  const fence = /^(?<fence>:{3,}|\/{3,})\s*(?:\{|\w)/u.exec(text)?.groups?.["fence"];
  if (fence !== undefined) return closedBy(text, (each) => each.slice(each.lastIndexOf("\n") + 1).trim() === fence);
  const shortcode = /^\{\{[<%]\s*(?<name>[\w-]+)[^}]*\}\}/u.exec(text)?.groups?.["name"];
  if (shortcode !== undefined) {
    const closing = new RegExp(`\\{\\{[<%]\\s*/\\s*${shortcode}\\s*[>%]\\}\\}$`, "u");
    return closedBy(text, (each) => closing.test(each));
  }
  if (/^(?:!!!|\?\?\?\+?|===)\s+["\w]/u.test(text))
    return { closed: false, verdict: (each) => (/^(?: {4}|\t)/u.test(each) ? "inside" : "outside") };
  return undefined;
}

function closedBy(opener: string, closes: (text: string) => boolean): Container | undefined {
  if (closes(opener)) return undefined;
  return { closed: true, verdict: (text) => (closes(text) ? "closes" : "inside") };
}
