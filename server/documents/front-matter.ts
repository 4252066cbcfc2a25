import { parse as parseYaml } from "yaml";

export interface FrontMatter {
  /** Lines of the block, its fences included; 0 where there is none. */
  lines: number;
  title: string | undefined;
}

/** The block of metadata before a Markdown text: YAML between `---` (Jekyll, Hugo, MDX), TOML between `+++` (Hugo, Zola). */
export function readFrontMatter(source: string): FrontMatter {
  const fence = ["---", "+++"].find((each) => source.startsWith(`${each}\n`));
  const close = fence === undefined ? -1 : source.indexOf(`\n${fence}`, 3);
  const after = source[close + 4];
  if (close === -1 || (after !== undefined && after !== "\n")) return { lines: 0, title: undefined };
  const lines = source.slice(0, close + 1).split("\n");
  const inside = lines.slice(1, -1).join("\n");
  return { lines: lines.length, title: fence === "---" ? yamlTitle(inside) : tomlTitle(inside) };
}

function yamlTitle(yaml: string): string | undefined {
  try {
    const front: unknown = parseYaml(yaml, { maxAliasCount: 10 });
    const title = front && typeof front === "object" && "title" in front ? front.title : undefined;
    return typeof title === "string" && title.trim() ? title.trim() : undefined;
  } catch {
    return undefined; // Templates put things into front matter that are no YAML; the page is still readable.
  }
}

/** The one key that is needed, as a string on its own line before the first table. */
function tomlTitle(toml: string): string | undefined {
  const [top = ""] = toml.split(/^\[/mu);
  const found = /^title\s*=\s*(?:"(?<basic>(?:[^"\\\n]|\\.)*)"|'(?<literal>[^'\n]*)')/mu.exec(top)?.groups;
  const title = found?.literal ?? found?.basic?.replace(/\\(["\\])/gu, "$1");
  return title?.trim() || undefined;
}
