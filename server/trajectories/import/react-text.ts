import type { Search, Segment } from "../../../protocol/trajectory.ts";
import type { ImportedText } from "../import-text.ts";

/** A ReAct log in segments; `answer` is what its last Finish holds. */
export interface ReactText extends ImportedText {
  answer: string | undefined;
  question: string;
}

const action = /^Action \d+: *(\w+)\[([^]*)\]\s*$/u;

/**
 * Cuts a ReAct log (`Thought n:`, `Action n: Search[…]`, `Observation n:`) into segments. Only the number that is due begins a
 * part, so that an observation that quotes such a line stays one observation. Finish is the answer; the other actions are queries.
 */
export function importReact(text: string): ReactText {
  const first = text.search(/^Thought 1:/mu);
  const promptEnd = first < 0 ? text.length : first;
  const segments: Segment[] = [];
  const searches: Search[] = [];
  let answer: string | undefined;
  if (promptEnd > 0) segments.push({ kind: "prompt", origin: "prompt", start: 0, end: promptEnd, turn: 0 });
  let at = promptEnd;
  let pending: string | undefined;
  for (let number = 1; at < text.length;) {
    const due = heads(number).find((head) => text.startsWith(head, at));
    const kind = due?.slice(0, due.indexOf(" ")) ?? "Thought";
    const next = nextHead(
      text,
      at + 1,
      kind === "Observation" ? [`Thought ${number + 1}:`, `Action ${number + 1}:`] : after(kind, number),
    );
    const end = next ?? text.length;
    const part = text.slice(at, end);
    const turn = number - 1;
    if (kind === "Observation") {
      segments.push({ kind: "documents", origin: "environment", start: at, end, turn });
      if (pending !== undefined) searches.push(searchOf(pending, turn, at, end));
      pending = undefined;
      number += 1;
    } else {
      const call = kind === "Action" ? action.exec(part) : null;
      const finish = call?.[1]?.toLowerCase() === "finish";
      if (finish) answer = call![2]!.trim();
      else if (call) pending = call[2]!;
      segments.push({
        kind: kind === "Thought" ? "think" : finish ? "answer" : "query",
        origin: "policy",
        start: at,
        end,
        turn,
      });
    }
    at = end;
  }
  const question = /^Question: *(.*)$/mu.exec(text.slice(0, promptEnd))?.[1]?.trim() ?? "";
  return { text, segments, searches, answer, question };
}

const heads = (number: number): string[] => [`Thought ${number}:`, `Action ${number}:`, `Observation ${number}:`];

function after(kind: string, number: number): string[] {
  return kind === "Thought" ? [`Action ${number}:`, `Observation ${number}:`] : [`Observation ${number}:`];
}

/** The next line that begins with one of these. */
function nextHead(text: string, from: number, wanted: readonly string[]): number | undefined {
  const places = wanted.map((head) => text.indexOf(`\n${head}`, from - 1)).filter((place) => place >= 0);
  return places.length === 0 ? undefined : Math.min(...places) + 1;
}

function searchOf(written: string, turn: number, start: number, end: number): Search {
  return {
    turn,
    query: written.trim(),
    rawQuery: written,
    hits: [],
    insertedStart: start,
    insertedEnd: end,
    insertedHits: 0,
    neutralised: 0,
    seconds: 0,
    cached: false,
  };
}
