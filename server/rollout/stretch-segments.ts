import type { SegmentKind } from "../../protocol/trajectory.ts";
import type { Profile } from "./profile.ts";

/** A piece of one stretch of policy text; offsets count from the stretch's start. */
export interface StretchPiece {
  kind: Exclude<SegmentKind, "prompt" | "documents">;
  start: number;
  end: number;
}

/** Whether the policy is thinking where a stretch begins or ends. */
export type Mode = "think" | "other";

/**
 * Cuts policy text into kinds by its tags. Kinds are for reading; who wrote a piece is known without them. A query or answer
 * holds its tags; an unclosed one runs to the end. A documents tag in policy text is a forgery and opens nothing.
 */
export function stretchPieces(text: string, tags: Profile["tags"], mode: Mode): { pieces: StretchPiece[]; mode: Mode } {
  const pieces: StretchPiece[] = [];
  let at = 0;
  let current = mode;
  const push = (kind: StretchPiece["kind"], end: number): void => {
    const last = pieces.at(-1);
    if (end <= at) return;
    if (last?.kind === kind && kind !== "query") last.end = end;
    else pieces.push({ kind, start: at, end });
    at = end;
  };
  const openers = [
    { tag: tags.thinkOpen, kind: "think" as const, close: "" },
    { tag: tags.thinkClose, kind: "think" as const, close: "" },
    { tag: tags.queryOpen, kind: "query" as const, close: tags.queryClose },
    { tag: tags.answerOpen, kind: "answer" as const, close: tags.answerClose },
  ].filter(({ tag }) => tag !== "");
  // Each opener's next position is looked up once and again only when it is passed: a text full of tags stays linear.
  const positions = openers.map(({ tag }) => text.indexOf(tag));
  while (at < text.length) {
    let next: { position: number; opener: (typeof openers)[number] } | undefined;
    for (const [index, opener] of openers.entries()) {
      if (positions[index]! >= 0 && positions[index]! < at) positions[index] = text.indexOf(opener.tag, at);
      const position = positions[index]!;
      if (position >= 0 && (!next || position < next.position)) next = { position, opener };
    }
    if (!next) {
      push(current, text.length);
      break;
    }
    const { position, opener } = next;
    const afterTag = position + opener.tag.length;
    if (opener.kind === "think") {
      const opens = opener.tag === tags.thinkOpen;
      push(current, position);
      // The tags belong to the thinking: an opening one begins it, a closing one ends it.
      push("think", afterTag);
      current = opens ? "think" : "other";
      continue;
    }
    push(current, position);
    const close = text.indexOf(opener.close, afterTag);
    push(opener.kind, close < 0 ? text.length : close + opener.close.length);
  }
  return { pieces, mode: current };
}
