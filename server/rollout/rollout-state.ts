import { insertedCount } from "../../protocol/inserted.ts";
import type { RolloutEvent } from "../../protocol/rollout-events.ts";
import { toldFoldersOf } from "../../protocol/told-folders.ts";
import type { Search, Segment, StopReason, Trajectory } from "../../protocol/trajectory.ts";
import type { ChatPrompt, PolicyFinish, PolicyTurn } from "../models/policy.ts";
import type { RetrievalErrorKind, SearchOutcome } from "../retrieval/retriever.ts";
import { answerText } from "./answer-text.ts";
import { documentsBlock } from "./insertion.ts";
import type { Profile } from "./profile.ts";
import { type Earlier, chatMessages } from "./prompt.ts";
import { cleanQuery, findQuery } from "./query.ts";
import { RolloutTranscript } from "./rollout-transcript.ts";
import { RolloutUsage } from "./rollout-usage.ts";
import type { TextTokenizer } from "../models/tokenizer.ts";

/** Failures that the next search may be spared: a used-up budget or a recording without the query stays as it is. */
const goesOn: ReadonlySet<RetrievalErrorKind> = new Set<RetrievalErrorKind>(["unavailable", "timeout", "bad-response"]);

/** What a rollout wants next. */
export type Step = { kind: "policy" } | { kind: "search"; query: string; rawQuery: string } | { kind: "end" };

/**
 * One rollout as a state machine without effects: the driver brings it policy text and search results, it says what it wants
 * next and which events its watchers get. What was written is kept by its transcript.
 */
export class RolloutState {
  readonly profile: Profile;
  readonly prompt: ChatPrompt;
  readonly earlier: Earlier | undefined;
  readonly #start: Omit<Trajectory, "text" | "segments" | "searches" | "usage" | "notices">;
  readonly #emit: ((event: RolloutEvent) => void) | undefined;
  readonly #transcript: RolloutTranscript;
  #searches: Search[] = [];
  #notices: string[] = [];
  #turn = 0;
  #pending: { query: string; rawQuery: string } | undefined;
  #stop: Trajectory["stop"];
  readonly #usage: RolloutUsage;

  constructor(
    profile: Profile,
    prompt: ChatPrompt,
    earlier: Earlier | undefined,
    start: Omit<Trajectory, "text" | "segments" | "searches" | "usage" | "notices">,
    emit: ((event: RolloutEvent) => void) | undefined,
    tokenizer?: TextTokenizer,
  ) {
    this.profile = profile;
    this.prompt = prompt;
    this.earlier = earlier;
    this.#start = start;
    this.#emit = emit;
    this.#usage = new RolloutUsage(profile.limits.tokens);
    const tooLong = prompt.text.length > profile.limits.characters;
    const watch = emit && {
      grown: (delta: string, from: number, segments: Segment[]) => emit({ type: "text", delta, from, segments }),
      rewritten: () => emit({ type: "snapshot", trajectory: this.trajectory() }),
    };
    this.#transcript = new RolloutTranscript(profile.tags, prompt, tooLong ? undefined : tokenizer, watch);
    if (tooLong)
      this.end(
        "token-limit",
        `The question makes a prompt of ${this.#transcript.text.length} characters; the profile allows ${profile.limits.characters}. Ask a shorter one.`,
      );
    this.#emit?.({ type: "snapshot", trajectory: this.trajectory() });
  }

  get step(): Step {
    if (this.#stop) return { kind: "end" };
    return this.#pending ? { kind: "search", ...this.#pending } : { kind: "policy" };
  }

  /** What the policy is asked to write. */
  policyTurn(): PolicyTurn {
    const { profile } = this;
    const { text, segments, ids } = this.#transcript;
    const sampling = this.#start.sampling;
    const left = Math.min(this.#usage.tokensLeft, sampling.maxSegmentTokens ?? Number.POSITIVE_INFINITY);
    return {
      transcript: {
        question: this.#start.question,
        text,
        segments,
        searches: this.#searches,
        ...(this.earlier ? { earlier: this.earlier } : {}),
        ...(ids ? { ids } : {}),
      },
      tags: profile.tags,
      searchesLeft: Math.min(profile.limits.searches - this.#searches.length, profile.limits.turns - 1 - this.#turn),
      answerForm: profile.insertion.numbering === "running" ? "sentences" : "short",
      messages: chatMessages(this.prompt, text, segments),
      stops: profile.stops,
      sampling: Number.isFinite(left) ? { ...sampling, maxSegmentTokens: left } : sampling,
    };
  }

  /** Adds text that the policy wrote. More than the profile allows ends the rollout. */
  write(delta: string): void {
    if (delta === "") return;
    this.#transcript.write(delta);
    this.#checkLength();
  }

  /** Adds ids that the policy sampled; the text follows from them. More than the profile allows ends the rollout. */
  writeIds(ids: readonly number[], logprobs?: readonly number[]): void {
    this.#usage.sampled(ids.length);
    this.#transcript.writeIds(ids, logprobs);
    this.#checkLength();
    if (this.#usage.tokensLeft < 0) this.#endTokens();
  }

  /** The policy ended its stretch: decides between a search, feedback and the end. */
  finishStretch(finish: PolicyFinish, seconds: number): void {
    this.#usage.stretch(finish, seconds, this.#transcript.ids !== undefined);
    const { tags } = this.profile;
    this.#transcript.finishStretch();
    if (finish.reason === "stop" && finish.stop === tags.answerClose) {
      this.#transcript.close(tags.answerClose);
      return this.#endAnswered();
    }
    const query = this.#written();
    const asked = finish.reason === "stop" && (finish.stop === tags.queryClose || finish.stop === tags.documentsOpen);
    if (asked && query !== undefined) return this.#ask();
    if (finish.reason === "stop" && finish.stop === tags.queryClose) {
      this.#transcript.close(tags.queryClose);
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
    const at = this.#transcript.text.length;
    if (!outcome.ok) {
      const { kind, message } = outcome.error;
      const instead = goesOn.has(kind) ? this.profile.retrievalFailed : undefined;
      if (instead !== undefined) this.#transcript.environment(instead, "documents");
      this.#addSearch({
        query,
        rawQuery,
        hits: [],
        insertedStart: at,
        insertedEnd: this.#transcript.text.length,
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
    // By what the policy has seen: what comes later cannot change what was written.
    const told = toldFoldersOf({ index: this.#start.index, searches: [...this.#searches, { hits: outcome.hits }] });
    const block = documentsBlock(hits, this.profile, first, told);
    this.#usage.searchSeconds += outcome.seconds;
    this.#transcript.environment(block.text, "documents");
    this.#addSearch({
      query,
      rawQuery,
      hits: outcome.hits,
      insertedStart: at,
      insertedEnd: this.#transcript.text.length,
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
    if (this.#pending) this.#emit?.({ type: "search-started", turn: this.#turn, query: this.#pending.query });
  }

  notice(message: string): void {
    this.#notices.push(message);
    this.#emit?.({ type: "notice", message });
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
    const { text, segments, stretch, ids } = this.#transcript;
    const turns = this.#turn + (stretch !== "" || this.#stop ? 1 : 0);
    const tokens = this.#transcript.tokens();
    return {
      ...this.#start,
      status: this.#stop ? "done" : "running",
      text,
      segments: [...segments],
      searches: [...this.#searches],
      notices: [...this.#notices],
      ...(this.#stop ? { stop: this.#stop } : {}),
      ...(tokens ? { tokens } : {}),
      usage: this.#usage.record(
        turns,
        this.#searches.length,
        ids && { prompt: segments[0]!.tokenEnd!, all: ids.length },
      ),
    };
  }

  /** A query that is not sent leaves the stretch as it was written; only one that is sent is stripped. */
  #ask(): void {
    const { tags, limits, query: rule, stripBeforeSearch } = this.profile;
    const query = cleanQuery(this.#written() ?? "", rule);
    const empty = query === "" && rule.empty === "end";
    const sent = this.#searches.length < limits.searches && !empty;
    // The reference program strips a stretch before it closes the query.
    if (sent && stripBeforeSearch) this.#transcript.stripStretch();
    const rawQuery = this.#written() ?? "";
    this.#transcript.close(tags.queryClose);
    if (sent) this.#pending = { query, rawQuery };
    else if (empty) this.end("empty-query", "The policy wrote an empty query.");
    else this.end("search-limit", `The policy asked for more than ${limits.searches} searches.`);
  }

  /** The query of the stretch as the policy wrote it, up to its closing tag where the stretch has one. */
  #written(): string | undefined {
    const query = findQuery(this.#transcript.stretch, this.profile);
    const close = query?.indexOf(this.profile.tags.queryClose) ?? -1;
    return close < 0 ? query : query?.slice(0, close);
  }

  /** A stretch without a usable action: the profile's feedback, or the end. */
  #invalid(detail: string): void {
    const feedback = this.profile.invalidAction;
    if (feedback === undefined) return this.end("no-answer", detail);
    if (this.#turn + 1 >= this.profile.limits.turns) return this.#endTurns();
    this.#transcript.environment(feedback, "other");
    this.#nextStretch();
  }

  #endAnswered(): void {
    const answer = answerText(this.#transcript, this.profile);
    if (answer !== undefined) this.end("finished");
    else this.#invalid("The policy ended its text without an answer or a query.");
  }

  #nextStretch(): void {
    if (this.#turn + 1 >= this.profile.limits.turns) return this.#endTurns();
    this.#checkLength();
    if (this.#usage.tokensLeft <= 0) this.#endTokens();
    if (this.#stop) return;
    this.#turn += 1;
    this.#transcript.beginStretch(this.#turn);
  }

  #checkLength(): void {
    const { characters } = this.profile.limits;
    if (this.#transcript.text.length > characters)
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

  #addSearch(search: Omit<Search, "turn">): void {
    const record = { turn: this.#turn, ...search };
    this.#searches.push(record);
    this.#emit?.({ type: "search", search: record });
  }
}
