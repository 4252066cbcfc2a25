import type { PolicyFinish, PolicyTurn } from "../policy.ts";

/** Writes a stretch as a model would: the closing tag is a stop string and is left to the loop. */
export function* writeStretch(
  turn: PolicyTurn,
  thought: string,
  open: string,
  content: string,
  close: string,
): Generator<{ text: string }, PolicyFinish> {
  const opening = needsThinkTag(turn) ? turn.tags.thinkOpen : "";
  yield { text: `${opening}${thought}` };
  yield { text: `${open}${content}` };
  return { reason: "stop", stop: close };
}

/** Profiles whose prompt does not open the thinking leave that to the policy, at its beginning and after each block of documents. */
function needsThinkTag({ transcript, tags }: PolicyTurn): boolean {
  if (tags.thinkOpen === "" || transcript.text.endsWith(tags.thinkOpen)) return false;
  const before = transcript.segments.filter(({ origin }) => origin !== "environment");
  const said = before.map(({ start, end }) => transcript.text.slice(start, end)).join("");
  return said.lastIndexOf(tags.thinkOpen) <= said.lastIndexOf(tags.thinkClose);
}
