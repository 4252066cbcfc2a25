import { insertedCount } from "../../protocol/inserted.ts";
import type { RolloutEvent } from "../../protocol/rollout-events.ts";
import type { Search, Segment, StopReason, Trajectory } from "../../protocol/trajectory.ts";
import type { ChatPrompt, PolicyFinish, PolicyTurn } from "../models/policy.ts";
import type { RetrievalErrorKind, SearchOutcome } from "../retrieval/retriever.ts";
import { answerText } from "./answer-text.ts";
import { documentsBlock } from "./insertion.ts";
import type { Profile } from "./profile.ts";
import { type Earlier, chatMessages } from "./prompt.ts";
import { strip } from "./python-text.ts";
import { cleanQuery, findQuery } from "./query.ts";
import { RolloutUsage } from "./rollout-usage.ts";
import { type Mode, stretchPieces } from "./stretch-segments.ts";
import type { TextTokenizer } from "../models/tokenizer.ts";
import { TokenTranscript } from "./token-transcript.ts";

/** Failures that the next search may be spared: a used-up budget or a recording without the query stays as it is. */
const goesOn: ReadonlySet<RetrievalErrorKind> = new Set<RetrievalErrorKind>(["unavailable", "timeout", "bad-response"]);

/** What a rollout wants next. */
export type Step = { kind: "policy" } | { kind: "search"; query: string; rawQuery: string } | { kind: "end" };

/**
 * One rollout as a state machine without effects: the driver brings it policy text and search results, it says what it wants
 * next and which events its watchers get. Segments are made where text is added, so each knows who wrote it.
 */
export class RolloutState {
  readonly profile: Profile;
  readonly prompt: ChatPrompt;
  readonly earlier: Earlier | undefined;
  readonly #start: Omit<Trajectory, "text" | "segments" | "searches" | "usage" | "notices">;
  readonly #emit: (event: RolloutEvent) => void;
  /** Present where the policy works with token ids. */
  readonly #tokens: TokenTranscript | undefined;
  #text: string;
  #segments: Segment[];
  #searches: Search[] = [];
  #notices: string[] = [];
  #turn = 0;
  #mode: Mode;
  /** Where the stretch in progress starts, in the text and among the segments. */
  #stretch = { start: 0, segment: 0 };
  #pending: { query: string; rawQuery: string } | undefined;
  #stop: Trajectory["stop"];
  readonly #usage: RolloutUsage;

  constructor(
    profile: Profile,
    prompt: ChatPrompt,
    earlier: Earlier | undefined,
    start: Omit<Trajectory, "text" | "segments" | "searches" | "usage" | "notices">,
    emit: (event: RolloutEvent) => void,
    tokenizer?: TextTokenizer,
  ) {
    this.profile = profile;
    this.prompt = prompt;
    this.earlier = earlier;
    this.#start = start;
    this.#emit = emit;
    this.#usage = new RolloutUsage(profile.limits.tokens);
    const tooLong = prompt.text.length > profile.limits.characters;
    this.#tokens = tokenizer && !tooLong ? new TokenTranscript(tokenizer) : undefined;
    this.#text = this.#tokens?.prompt(prompt.text) ?? prompt.text;
    this.#segments = [
      { kind: "prompt", origin: "prompt", start: 0, end: this.#text.length, turn: 0, ...this.#appended(0) },
    ];
    this.#mode = prompt.prefix && prompt.prefix === profile.tags.thinkOpen ? "think" : "other";
    this.#beginStretch();
    if (tooLong)
      this.end(
        "token-limit",
        `The question makes a prompt of ${this.#text.length} characters; the profile allows ${profile.limits.characters}. Ask a shorter one.`,
      );
    this.#emit({ type: "snapshot", trajectory: this.trajectory() });
  }

  get step(): Step {
    if (this.#stop) return { kind: "end" };
    return this.#pending ? { kind: "search", ...this.#pending } : { kind: "policy" };
  }

  /** What the policy is asked to write. */
  policyTurn(): PolicyTurn {
    const { profile } = this;
    const sampling = this.#start.sampling;
    const left = Math.min(this.#usage.tokensLeft, sampling.maxSegmentTokens ?? Number.POSITIVE_INFINITY);
    return {
      transcript: {
        question: this.#start.question,
        text: this.#text,
        segments: this.#segments,
        searches: this.#searches,
        ...(this.earlier ? { earlier: this.earlier } : {}),
        ...(this.#tokens ? { ids: this.#tokens.ids } : {}),
      },
      tags: profile.tags,
      searchesLeft: Math.min(profile.limits.searches - this.#searches.length, profile.limits.turns - 1 - this.#turn),
      answerForm: profile.insertion.numbering === "running" ? "sentences" : "short",
      messages: chatMessages(this.prompt, this.#text, this.#segments),
      stops: profile.stops,
      sampling: Number.isFinite(left) ? { ...sampling, maxSegmentTokens: left } : sampling,
    };
  }

  /** Adds text that the policy wrote. More than the profile allows ends the rollout. */
  write(delta: string): void {
    if (delta === "") return;
    this.#grow(delta);
    this.#checkLength();
  }

  /** Adds ids that the policy sampled; the text follows from them. More than the profile allows ends the rollout. */
  writeIds(ids: readonly number[], logprobs?: readonly number[]): void {
    this.#usage.sampled(ids.length);
    this.#rewriteStretch(this.#tokens!.sampled(ids, logprobs));
    this.#checkLength();
    if (this.#usage.tokensLeft < 0) this.#endTokens();
  }

  /** The policy ended its stretch: decides between a search, feedback and the end. */
  finishStretch(finish: PolicyFinish, seconds: number): void {
    this.#usage.stretch(finish, seconds, this.#tokens !== undefined);
    const { tags } = this.profile;
    // Bytes of an incomplete character are text at the end, whatever they are.
    if (this.#tokens) this.#rewriteStretch(this.#tokens.stretchText());
    if (finish.reason === "stop" && finish.stop === tags.answerClose) {
      this.#close(tags.answerClose);
      return this.#endAnswered();
    }
    const query = this.#written();
    const asked = finish.reason === "stop" && (finish.stop === tags.queryClose || finish.stop === tags.documentsOpen);
    if (asked && query !== undefined) return this.#ask();
    if (finish.reason === "stop" && finish.stop === tags.queryClose) {
      this.#close(tags.queryClose);
      return this.#invalid("The policy closed a query that it had not opened.");
    }
    if (finish.reason === "length" && this.#usage.tokensLeft <= 0) return this.#endTokens();
    if (finish.reason === "length")
      return this.end(
        "segment-limit",
        `A stretch of ${this.#start.sampling.maxSegmentTokens ?? "all"} tokens was reached.`,
      );
    this.#endAnswered();
  }

  /** The retriever answered the pending query. */
  insert(outcome: SearchOutcome): void {
    const { query, rawQuery } = this.#pending!;
    this.#pending = undefined;
    const at = this.#text.length;
    if (!outcome.ok) {
      const { kind, message } = outcome.error;
      const instead = goesOn.has(kind) ? this.profile.retrievalFailed : undefined;
      if (instead !== undefined) this.#environment(instead, "documents");
      this.#addSearch({
        query,
        rawQuery,
        hits: [],
        insertedStart: at,
        insertedEnd: this.#text.length,
        insertedHits: 0,
        neutralised: 0,
        seconds: 0,
        cached: false,
        error: message,
      });
      if (kind === "cancelled") return this.end("cancelled");
      if (instead === undefined) return this.end("retrieval-error", message);
      this.notice(`A search failed and the policy was told so: ${message}`);
      return this.#nextStretch();
    }
    const hits = outcome.hits.slice(0, this.profile.limits.passages);
    const { insertion } = this.profile;
    const first = insertion.numbering === "running" ? insertedCount(this.#searches) + 1 : 1;
    const block = documentsBlock(hits, this.profile, first);
    this.#usage.searchSeconds += outcome.seconds;
    this.#environment(block.text, "documents");
    this.#addSearch({
      query,
      rawQuery,
      hits: outcome.hits,
      insertedStart: at,
      insertedEnd: this.#text.length,
      insertedHits: hits.length,
      neutralised: block.neutralised,
      seconds: outcome.seconds,
      cached: outcome.cached,
    });
    if (block.neutralised > 0) {
      this.notice(
        `${block.neutralised} control ${block.neutralised === 1 ? "tag" : "tags"} inside retrieved documents ${block.neutralised === 1 ? "was" : "were"} made harmless (shown as ‹tag›).`,
      );
    }
    this.#nextStretch();
  }

  searchStarted(): void {
    if (this.#pending) this.#emit({ type: "search-started", turn: this.#turn, query: this.#pending.query });
  }

  notice(message: string): void {
    this.#notices.push(message);
    this.#emit({ type: "notice", message });
  }

  /** Ends the rollout; the first reason stays. */
  end(reason: StopReason, detail?: string): void {
    this.#pending = undefined;
    this.#stop ??= { reason, ...(detail ? { detail } : {}) };
  }

  set seconds(value: number) {
    this.#usage.seconds = value;
  }

  /** The record so far. */
  trajectory(): Trajectory {
    const turns = this.#turn + (this.#text.length > this.#stretch.start || this.#stop ? 1 : 0);
    const ids = this.#tokens && { prompt: this.#segments[0]!.tokenEnd!, all: this.#tokens.ids.length };
    return {
      ...this.#start,
      status: this.#stop ? "done" : "running",
      text: this.#text,
      segments: [...this.#segments],
      searches: [...this.#searches],
      notices: [...this.#notices],
      ...(this.#stop ? { stop: this.#stop } : {}),
      ...(this.#tokens ? { tokens: this.#tokens.record() } : {}),
      usage: this.#usage.record(turns, this.#searches.length, ids),
    };
  }

  /** A query that is not sent leaves the stretch as it was written; only one that is sent is stripped. */
  #ask(): void {
    const { tags, limits, query: rule, stripBeforeSearch } = this.profile;
    const query = cleanQuery(this.#written() ?? "", rule);
    const empty = query === "" && rule.empty === "end";
    const sent = this.#searches.length < limits.searches && !empty;
    // Sampled ids are kept as they came, white space included.
    if (sent && stripBeforeSearch && !this.#tokens) this.#stripStretch();
    const rawQuery = this.#written() ?? "";
    this.#close(tags.queryClose);
    if (sent) this.#pending = { query, rawQuery };
    else if (empty) this.end("empty-query", "The policy wrote an empty query.");
    else this.end("search-limit", `The policy asked for more than ${limits.searches} searches.`);
  }

  /** The query of the stretch as the policy wrote it, up to its closing tag where the stretch has one. */
  #written(): string | undefined {
    const query = findQuery(this.#text.slice(this.#stretch.start), this.profile);
    const close = query?.indexOf(this.profile.tags.queryClose) ?? -1;
    return close < 0 ? query : query?.slice(0, close);
  }

  /** Writes the tag that a stop string took away. Sampled ids hold it; where they do not, it is the environment's. */
  #close(tag: string): void {
    if (!this.#tokens) return this.#grow(tag);
    if (!this.#text.slice(this.#stretch.start).includes(tag)) this.#append(tag, "other");
  }

  /** A stretch without a usable action: the profile's feedback, or the end. */
  #invalid(detail: string): void {
    const feedback = this.profile.invalidAction;
    if (feedback === undefined) return this.end("no-answer", detail);
    if (this.#turn + 1 >= this.profile.limits.turns) return this.#endTurns();
    this.#environment(feedback, "other");
    this.#nextStretch();
  }

  #endAnswered(): void {
    const answer = answerText({ text: this.#text, segments: this.#segments }, this.profile);
    if (answer !== undefined) this.end("finished");
    else this.#invalid("The policy ended its text without an answer or a query.");
  }

  #nextStretch(): void {
    if (this.#turn + 1 >= this.profile.limits.turns) return this.#endTurns();
    this.#checkLength();
    if (this.#usage.tokensLeft <= 0) this.#endTokens();
    if (this.#stop) return;
    this.#turn += 1;
    this.#beginStretch();
  }

  #checkLength(): void {
    const { characters } = this.profile.limits;
    if (this.#text.length > characters)
      this.end("token-limit", `The transcript is longer than ${characters} characters.`);
  }

  #endTokens(): void {
    this.end("token-limit", `The ${this.profile.limits.tokens} tokens that the profile allows the policy are used up.`);
  }

  #endTurns(): void {
    this.end(
      "turn-limit",
      `The ${this.profile.limits.turns} stretches of policy text that the profile allows are used up.`,
    );
  }

  #beginStretch(): void {
    this.#tokens?.beginStretch();
    this.#stretch = { start: this.#text.length, segment: this.#segments.length };
  }

  #environment(text: string, kind: "documents" | "other"): void {
    this.#mode = stretchPieces(this.#text.slice(this.#stretch.start), this.profile.tags, this.#mode).mode;
    this.#append(text, kind);
  }

  /** Adds text of the environment as a segment of its own. */
  #append(text: string, kind: "documents" | "other"): void {
    const start = this.#text.length;
    const first = this.#tokens?.ids.length ?? 0;
    const delta = this.#tokens?.environment(text) ?? text;
    this.#text += delta;
    const from = this.#segments.length;
    if (delta !== "")
      this.#segments.push({
        kind,
        origin: "environment",
        start,
        end: this.#text.length,
        turn: this.#turn,
        ...this.#appended(first),
      });
    this.#emit({ type: "text", delta, from, segments: this.#segments.slice(from) });
  }

  /** Token range from an id on to the end; empty without ids. */
  #appended(first: number): { tokenStart?: number; tokenEnd?: number } {
    return this.#tokens ? { tokenStart: first, tokenEnd: this.#tokens.ids.length } : {};
  }

  #grow(delta: string): void {
    this.#text += delta;
    this.#cutStretch();
    this.#emitText(delta);
  }

  /** The stretch's text as its ids say it; text that grew is an addition, anything else is told whole. */
  #rewriteStretch(stretch: string): void {
    const before = this.#text.slice(this.#stretch.start);
    if (stretch === before) return;
    this.#text = this.#text.slice(0, this.#stretch.start) + stretch;
    this.#cutStretch();
    if (stretch.startsWith(before)) this.#emitText(stretch.slice(before.length));
    else this.#emit({ type: "snapshot", trajectory: this.trajectory() });
  }

  #cutStretch(): void {
    const { start, segment } = this.#stretch;
    const { pieces } = stretchPieces(this.#text.slice(start), this.profile.tags, this.#mode);
    const places = this.#tokens?.place(pieces);
    this.#segments.length = segment;
    for (const [at, { kind, ...piece }] of pieces.entries()) {
      this.#segments.push({
        kind,
        origin: "policy",
        start: start + piece.start,
        end: start + piece.end,
        turn: this.#turn,
        ...places?.[at],
      });
    }
  }

  #emitText(delta: string): void {
    const from = this.#stretch.segment;
    this.#emit({ type: "text", delta, from, segments: this.#segments.slice(from) });
  }

  /** The reference program strips a stretch before it closes the query. Watchers that saw the white space are told all. */
  #stripStretch(): void {
    const stretch = this.#text.slice(this.#stretch.start);
    const stripped = strip(stretch);
    if (stripped === stretch) return;
    this.#text = this.#text.slice(0, this.#stretch.start) + stripped;
    this.#cutStretch();
    this.#emit({ type: "snapshot", trajectory: this.trajectory() });
  }

  #addSearch(search: Omit<Search, "turn">): void {
    const record = { turn: this.#turn, ...search };
    this.#searches.push(record);
    this.#emit({ type: "search", search: record });
  }
}
