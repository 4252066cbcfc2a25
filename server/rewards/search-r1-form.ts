import { normalisers } from "../evaluation/normalise-answer.ts";
import type { Fault } from "./rules.ts";
import { type ReadAnswer, type ScoredText, endOf, stripped } from "./scored-text.ts";
import { strip } from "../rollout/python-text.ts";

const tagNames = ["think", "search", "information", "answer"] as const;
const anyTag = /<\/?(?:think|search|information|answer)>/gu;

/** Search-R1's order of tags (`is_valid_sequence`): from each state, the tags that may come and the state they lead to. */
const steps: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  start: { "<think>": "in think" },
  "in think": { "</think>": "after think" },
  "after think": { "<search>": "in search", "<answer>": "in answer" },
  "in search": { "</search>": "after search" },
  "after search": { "<information>": "in information" },
  "in information": { "</information>": "after information" },
  "after information": { "<think>": "in think" },
  "in answer": { "</answer>": "end" },
};

/**
 * The first way in which a response leaves think, (search, information, think)*, answer with only white space between the tags;
 * undefined when it is valid.
 */
export function formFault(scored: ScoredText): Fault | undefined {
  const range = scored.spans[0];
  if (!range) return { ...endOf(scored), message: "There is no response." };
  const text = scored.text.slice(range.start, range.end);
  for (const name of tagNames) {
    const opens = text.split(`<${name}>`).length - 1;
    const closes = text.split(`</${name}>`).length - 1;
    if (opens === closes) continue;
    const tag = opens > closes ? `<${name}>` : `</${name}>`;
    const start = range.start + text.lastIndexOf(tag);
    return { start, end: start + tag.length, message: `The response has ${opens} <${name}> and ${closes} </${name}>.` };
  }
  let state = "start";
  let at = 0;
  const between = (end: number): Fault | undefined => {
    if (state.startsWith("in ") || strip(text.slice(at, end)) === "") return undefined;
    const { start, end: last } = stripped(scored, range.start + at, range.start + end);
    return { start, end: last, message: "Text stands between the tags, where only white space may." };
  };
  for (const match of text.matchAll(anyTag)) {
    const fault = between(match.index);
    if (fault) return fault;
    const next = steps[state]?.[match[0]];
    const start = range.start + match.index;
    if (next === undefined)
      return { start, end: start + match[0].length, message: `${match[0]} may not come ${place(state)}.` };
    state = next;
    at = match.index + match[0].length;
  }
  const fault = between(text.length);
  if (fault) return fault;
  return state === "end" ? undefined : { ...endOf(scored), message: "The response ends without an answer." };
}

function place(state: string): string {
  if (state === "start") return "at the start";
  return state === "end" ? "after the answer" : state;
}

/**
 * The answer of `qa_em.py`: the last answer block of the whole text, prompt included, if there are more blocks than the prompt
 * itself holds. A record without its prompt needs one block.
 */
export function lastAnswerBlock(scored: ScoredText, promptAnswers: number): ReadAnswer | undefined {
  const whole = { text: scored.text, spans: [{ start: 0, end: scored.text.length }] };
  const blocks = taggedBlocks(scored.text, "<answer>", "</answer>");
  if (blocks.length <= (scored.hasPrompt ? promptAnswers : 0)) return undefined;
  const { start, end } = blocks.at(-1)!;
  return stripped(whole, start, end);
}

/** Whether a gold answer stands in an information block of the text, both normalised. */
export function goldRetrieved(scored: ScoredText, golds: readonly string[]): boolean {
  const normalise = normalisers["punctuation-deleted"];
  const wanted = golds.map(normalise);
  return taggedBlocks(scored.text, "<information>", "</information>").some(({ start, end }) => {
    const block = normalise(scored.text.slice(start, end));
    return wanted.some((gold) => block.includes(gold));
  });
}

/** The ranges between each opening tag and the next closing one, as a lazy pattern finds them. */
function taggedBlocks(text: string, open: string, close: string): { start: number; end: number }[] {
  const blocks: { start: number; end: number }[] = [];
  let from = 0;
  for (;;) {
    const opened = text.indexOf(open, from);
    const start = opened + open.length;
    const end = opened < 0 ? -1 : text.indexOf(close, start);
    if (end < 0) return blocks;
    blocks.push({ start, end });
    from = end + close.length;
  }
}
