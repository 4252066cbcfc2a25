import type { Segment } from "../../protocol/trajectory.ts";
import type { Profile } from "./profile.ts";

/**
 * The answer that a policy gave: between the last opening answer tag and the closing tag after it (`reward_server_qwen_zero.py`).
 * An answer that was cut before its closing tag counts as far as it goes only where the profile takes untagged text.
 * Undefined when there is none. Documents are never looked at: only the policy's own text can hold its answer.
 */
export function answerText(
  trajectory: { readonly text: string; readonly segments: readonly Segment[] },
  profile: Pick<Profile, "tags" | "answer">,
): string | undefined {
  const own = trajectory.segments
    .filter(({ origin }) => origin === "policy")
    .map(({ start, end }) => trajectory.text.slice(start, end))
    .join("");
  const { answerOpen, answerClose, thinkClose } = profile.tags;
  const open = own.lastIndexOf(answerOpen);
  if (open >= 0) {
    const from = open + answerOpen.length;
    const close = own.indexOf(answerClose, from);
    if (close >= 0) return own.slice(from, close).trim();
    return profile.answer === "tags-or-text" ? nonEmpty(own.slice(from)) : undefined;
  }
  if (profile.answer === "tags") return undefined;
  const last = trajectory.segments.findLast(({ origin }) => origin === "policy");
  if (!last || last.kind === "query") return undefined;
  const turn = trajectory.segments.filter((segment) => segment.origin === "policy" && segment.turn === last.turn);
  const text = turn.map(({ start, end }) => trajectory.text.slice(start, end)).join("");
  const thought = thinkClose ? text.lastIndexOf(thinkClose) : -1;
  return nonEmpty(thought >= 0 ? text.slice(thought + thinkClose.length) : text.replaceAll(profile.tags.thinkOpen, ""));
}

function nonEmpty(text: string): string | undefined {
  return text.trim() || undefined;
}
