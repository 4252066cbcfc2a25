import { Fragment, options } from "preact";

/**
 * Characters that change how text around them is read without being seen: controls other than tab and line feed, overrides and
 * isolates of writing direction, marks of direction, zero-width characters and tag characters.
 */
const unseen =
  // oxlint-disable-next-line no-misleading-character-class
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Attributes that a person reads or hears. */
const spoken = ["title", "aria-label", "placeholder", "alt"] as const;

/** The text with each unseen character as its picture (controls) or its code point in brackets. */
export function visible(text: string): string {
  return text.replace(unseen, (character) => {
    const code = character.codePointAt(0)!;
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    if (code === 0x7f) return "\u2421";
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/**
 * Makes unseen characters visible in every text that is drawn, whichever component draws it: nothing that a file, a model or a
 * document says reaches the page in another way.
 */
export function showUnseenCharacters(): void {
  const before = options.vnode;
  options.vnode = (vnode) => {
    // Text reaches the page as a child of an element or of a fragment, wherever it was passed through before.
    if (typeof vnode.type === "string" || vnode.type === Fragment) {
      const props = vnode.props as Record<string, unknown>;
      if (props["children"] !== undefined) props["children"] = seen(props["children"]);
      for (const name of spoken) if (typeof props[name] === "string") props[name] = visible(props[name]);
    }
    before?.(vnode);
  };
}

function seen(children: unknown): unknown {
  if (typeof children === "string") return visible(children);
  return Array.isArray(children) ? children.map(seen) : children;
}
