import type { TextTokenizer } from "./tokenizer.ts";
import type { PolicyRef, Sampling, Search, Segment } from "../../protocol/trajectory.ts";

/** The transcript so far, as a policy may need it: whole text, segments over it, and the searches behind the documents. */
export interface Transcript {
  readonly question: string;
  readonly text: string;
  readonly segments: readonly Segment[];
  readonly searches: readonly Search[];
  /** The question and answer that this one follows up. */
  readonly earlier?: { readonly question: string; readonly answer: string };
  /** Ids of prompt and response so far; present when the policy's form is "tokens". */
  readonly ids?: readonly number[];
}

/** The strings a profile marks a transcript with. An empty string means the profile has no such tag. */
export interface TagSet {
  readonly thinkOpen: string;
  readonly thinkClose: string;
  readonly queryOpen: string;
  readonly queryClose: string;
  readonly documentsOpen: string;
  readonly documentsClose: string;
  readonly answerOpen: string;
  readonly answerClose: string;
}

/** One stretch that the policy is asked to write. */
export interface PolicyTurn {
  readonly transcript: Transcript;
  /** What the transcript's format calls a query and an answer, for policies that write by rule. */
  readonly tags: TagSet;
  /** Searches the profile still allows; a policy by rule answers when it is 0. */
  readonly searchesLeft: number;
  /** Sentences that name their documents, or a short phrase: what the profile's answers look like. */
  readonly answerForm: "sentences" | "short";
  /** Chat form of the transcript, for policies that take messages. Built by the profile. */
  readonly messages: readonly ChatMessage[];
  readonly stops: readonly string[];
  readonly sampling: Sampling;
}

export interface ChatMessage {
  role: "system" | "user" | "assistant";
  content: string;
}

/** A prompt filled in: its parts for a chat model, and the one text that a trajectory starts with. */
export interface ChatPrompt {
  system: string;
  user: string;
  /** What the assistant's reply begins with; part of the prompt, not of the policy's text. */
  prefix: string;
  text: string;
}

export interface PolicyChunk {
  text: string;
  /** Sampled ids and their log-probs, for token policies. Ids are kept as they came and never re-encoded. */
  ids?: readonly number[];
  logprobs?: readonly number[];
}

export interface PolicyFinish {
  /** stop: a stop string was met (it is not part of the text); end: the policy's own end of text; length: token limit. */
  reason: "stop" | "end" | "length";
  stop?: string;
  promptTokens?: number;
  policyTokens?: number;
}

/**
 * What writes the policy segments of a rollout.
 *
 * `form` says what a rollout of it can be used for: "tokens" carries ids and log-probs and can be trained on by policy
 * gradients; "text" can be shown, scored and used for supervised training only.
 */
export interface Policy {
  readonly ref: PolicyRef;
  readonly form: "tokens" | "text";
  /** The vocabulary of a policy of form "tokens"; its chunks then carry ids, and their text is not read. */
  readonly tokenizer?: TextTokenizer;
  /** Puts a prompt into the model's own chat form, for policies of form "tokens" over a chat profile. */
  renderPrompt?(prompt: ChatPrompt): ChatPrompt;
  /** Streams one stretch. Throws `PolicyError`; aborting the signal ends the stream with `PolicyError` of kind "cancelled". */
  generate(turn: PolicyTurn, signal: AbortSignal): AsyncGenerator<PolicyChunk, PolicyFinish>;
}

export type PolicyErrorKind =
  | "unavailable"
  | "unauthorised"
  | "rate-limited"
  | "timeout"
  | "bad-response"
  | "refused"
  | "too-long"
  | "cancelled";

/** A policy failed in a known way. The message is one sentence: what happened and what to do; it never holds a key. */
export class PolicyError extends Error {
  readonly kind: PolicyErrorKind;
  constructor(kind: PolicyErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PolicyError";
    this.kind = kind;
  }
}
