import type { Search, Segment, Trajectory } from "../../../protocol/trajectory.ts";
import { profileNamed } from "../import/form.ts";
import { isRecord } from "../import/record-parts.ts";

/** A call of a tool, as formats of messages name it beside the text. */
export interface Call {
  id: string;
  name: string;
  arguments: Record<string, unknown>;
}

/** What the policy wrote before the environment answered. */
export interface PolicyTurn {
  /** In the order they were written; queries of a policy without tags are calls alone. */
  parts: { type: "text" | "reasoning"; text: string }[];
  calls: Call[];
  /** Half-open range of token ids, where the neighbours tell it. */
  tokens?: { start: number; end: number };
  /** What the environment wrote then. */
  answers: { text: string; call: string | undefined; search: Search | undefined }[];
}

/** A trajectory as what was said by whom. */
export interface SpokenTurns {
  /**
   * The policy's text is given whole, tags and all, so that putting all texts together gives the trajectory's text. Else the
   * policy writes no tags, and its queries are calls.
   */
  joined: boolean;
  prompt: string;
  turns: PolicyTurn[];
}

/** Cuts a trajectory into prompt and turns. Environment text that no query asked for is an answer without a call. */
export function spokenTurns(trajectory: Trajectory): SpokenTurns {
  const joined = profileNamed(trajectory.profile) !== undefined;
  const result: SpokenTurns = { joined, prompt: "", turns: [] };
  const { text } = trajectory;
  let tokenAt = 0;
  for (const segment of trajectory.segments) {
    const piece = text.slice(segment.start, segment.end);
    let turn = result.turns.at(-1);
    if (segment.origin === "policy") {
      if (!turn || turn.answers.length > 0) result.turns.push((turn = { parts: [], calls: [], answers: [] }));
      addPolicy(turn, segment, piece, joined, result.turns.length);
      turn.tokens ??= { start: tokenAt, end: tokenAt };
    } else {
      if (!turn) result.prompt += piece;
      else addAnswer(turn, segment, piece, trajectory, joined, result.turns.length);
      if (turn?.tokens && turn.answers.length === 1) turn.tokens.end = segment.tokenStart ?? tokenAt;
      tokenAt = segment.tokenEnd ?? tokenAt;
    }
  }
  const last = result.turns.at(-1);
  if (last?.tokens && last.answers.length === 0) last.tokens.end = trajectory.tokens?.ids.length ?? last.tokens.start;
  if (
    !trajectory.tokens ||
    trajectory.segments.some(({ origin, tokenEnd }) => origin !== "policy" && tokenEnd === undefined)
  )
    for (const turn of result.turns) delete turn.tokens;
  return result;
}

function addPolicy(turn: PolicyTurn, segment: Segment, piece: string, joined: boolean, number: number): void {
  const written =
    joined || segment.kind !== "query" ? undefined : callIn(piece, `call-${number}-${turn.calls.length + 1}`);
  if (written) turn.calls.push(written);
  else {
    const type = !joined && segment.kind === "think" ? "reasoning" : "text";
    const last = turn.parts.at(-1);
    if (last?.type === type && joined) last.text += piece;
    else turn.parts.push({ type, text: piece });
  }
}

/** A query as a chat without tags is read: `name({…})`; any other text stays text. */
function callIn(piece: string, id: string): Call | undefined {
  const [, name, given] = /^\s*([\w.-]+)\(([^]*)\)\s*$/u.exec(piece) ?? [];
  if (name === undefined) return undefined;
  try {
    const parsed = JSON.parse(given!) as unknown;
    return isRecord(parsed) ? { id, name, arguments: parsed } : undefined;
  } catch {
    return undefined;
  }
}

function addAnswer(
  turn: PolicyTurn,
  segment: Segment,
  piece: string,
  { searches }: Trajectory,
  joined: boolean,
  number: number,
): void {
  const search = searches.find(
    ({ insertedStart, insertedEnd }) => insertedStart === segment.start && insertedEnd === segment.end,
  );
  const answered = turn.answers.filter(({ call }) => call !== undefined).length;
  let call = segment.kind === "documents" ? turn.calls[answered] : undefined;
  if (!call && joined && search) {
    call = { id: `call-${number}-${turn.calls.length + 1}`, name: "search", arguments: { query: search.query } };
    turn.calls.push(call);
  }
  turn.answers.push({ text: piece, call: call?.id, search });
}
