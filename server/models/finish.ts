import type { PolicyFinish, PolicyTurn } from "./policy.ts";

/**
 * How a stretch ended, from what a server says of it. Most servers say "stop" alike for a stop string, which they cut off, and for the
 * model's own end of text: a query or answer that the stretch opened last and left open was ended by its closing tag.
 */
export function finishOf(
  said: string | undefined,
  stop: string | undefined,
  text: string,
  { tags, stops }: PolicyTurn,
): PolicyFinish {
  if (said === "length") return { reason: "length" };
  if (stop !== undefined && stops.includes(stop)) return { reason: "stop", stop };
  const query = openAt(text, tags.queryOpen, tags.queryClose);
  const answer = openAt(text, tags.answerOpen, tags.answerClose);
  if (query > answer && stops.includes(tags.queryClose)) return { reason: "stop", stop: tags.queryClose };
  if (answer > query && stops.includes(tags.answerClose)) return { reason: "stop", stop: tags.answerClose };
  return { reason: "end" };
}

/** Where the last opening tag stands that nothing closes; -1 where there is none. */
function openAt(text: string, open: string, close: string): number {
  if (open === "" || close === "") return -1;
  const at = text.lastIndexOf(open);
  return at > text.lastIndexOf(close) ? at : -1;
}
