/** A heading is repeated with every passage below it, so a longer one is cut: one line could else fill the index. */
const longestHeading = 300;

/** The path of headings as a reader of the page would say it: each level closes those below. */
export class HeadingPath {
  #open: { level: number; text: string }[] = [];
  enter(level: number, text: string): void {
    const clipped = text.length > longestHeading ? `${text.slice(0, longestHeading - 1)}…` : text;
    this.#open = [...this.#open.filter((heading) => heading.level < level), { level, text: clipped }];
  }
  now(): string[] {
    return this.#open.map((heading) => heading.text);
  }
}
