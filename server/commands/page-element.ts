/** HTML that is done: made by `element` alone, so that no other string gets onto a page as markup. */
export class Markup {
  readonly html: string;
  private constructor(html: string) {
    this.html = html;
  }

  /** An element of our own choosing. Children that are strings are text; attribute values are escaped. */
  static element(name: ElementName, attributes: Readonly<Record<string, string>>, ...children: Child[]): Markup {
    const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
    const inner = children.map((child) => (typeof child === "string" ? escaped(child) : child.html));
    return new Markup(`<${name}${written.join("")}>${inner.join("")}</${name}>`);
  }
}

export type Child = string | Markup;

/** Only these: none loads anything, runs anything or leads off the page. */
export type ElementName =
  | "article"
  | "blockquote"
  | "caption"
  | "dd"
  | "details"
  | "div"
  | "dl"
  | "dt"
  | "h1"
  | "h2"
  | "h3"
  | "li"
  | "mark"
  | "ol"
  | "p"
  | "pre"
  | "section"
  | "span"
  | "strong"
  | "summary"
  | "table"
  | "tbody"
  | "td"
  | "th"
  | "thead"
  | "title"
  | "tr"
  | "ul";

export const element = Markup.element;

/** Text for an element or a quoted attribute. */
function escaped(text: string): string {
  const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (character) => names[character]!);
}
