import type { Hit } from "../../../protocol/passage.ts";
import type { ImportedText } from "../import-text.ts";
import type { Profile } from "../../rollout/profile.ts";
import { policyForm } from "./form.ts";
import { isRecord, questionInPrompt } from "./record-parts.ts";
import { type Stretch, closedQuery, transcript } from "./transcript.ts";

/** A message as every chat format has it, whatever it calls its parts. */
export interface ChatMessage {
  role: "system" | "user" | "assistant" | "tool";
  parts: MessagePart[];
}

export type MessagePart =
  | { type: "text"; text: string; tokens?: { start: number; end: number } }
  | { type: "reasoning"; text: string }
  | { type: "call"; id: string | undefined; name: string; arguments: unknown }
  | { type: "result"; id: string | undefined; text: string; hits?: Hit[]; error?: string; seconds?: number };

/** A chat as one text in segments. */
export interface ChatTranscript {
  cut: ImportedText;
  profile: Profile | undefined;
  question: string | undefined;
  /** The last text that the assistant wrote without calling a tool. */
  answer: string | undefined;
}

/**
 * Reads a chat as a trajectory. Roles say who wrote what: the assistant is the policy, what precedes its first message is the
 * prompt, and everything after it that the assistant did not write is the environment's. `joined` says that the messages are one
 * text without gaps, as Searchlight writes them.
 */
export function chatTranscript(
  messages: readonly ChatMessage[],
  { profile: given, joined }: { profile: Profile | undefined; joined: boolean },
): ChatTranscript {
  const own = messages.flatMap(({ role, parts }) => (role === "assistant" ? parts.flatMap(spoken) : []));
  const profile = given ?? policyForm(own.join("\n"));
  const stretches: Stretch[] = [];
  const last = messages.findLastIndex(({ role }) => role === "assistant");
  let answer: string | undefined;
  for (const [index, { role, parts }] of messages.entries()) {
    if (role === "assistant") {
      const final = index === last && !parts.some(({ type }) => type === "call");
      stretches.push(...policyStretches(parts, final, profile, joined));
      if (final && !profile)
        answer =
          parts
            .flatMap((part) => (part.type === "text" ? [part.text] : []))
            .join("")
            .trim() || undefined;
    } else
      stretches.push(
        ...otherStretches(
          parts,
          stretches.some(({ origin }) => origin === "policy"),
        ),
      );
  }
  const asked = messages.slice(
    0,
    Math.max(
      0,
      messages.findIndex(({ role }) => role === "assistant"),
    ),
  );
  const said = asked
    .findLast(({ role }) => role === "user")
    ?.parts.flatMap(spoken)
    .join("");
  return {
    cut: transcript(stretches, { profile, joined }),
    profile,
    question: said === undefined ? undefined : (questionInPrompt(said) ?? said.trim()),
    answer,
  };
}

function spoken(part: MessagePart): string[] {
  return part.type === "text" || part.type === "result" ? [part.text] : [];
}

function policyStretches(
  parts: readonly MessagePart[],
  final: boolean,
  profile: Profile | undefined,
  joined: boolean,
): Stretch[] {
  const stretches: Stretch[] = [];
  let said = "";
  for (const part of parts) {
    if (part.type === "reasoning") stretches.push({ origin: "policy", kind: "think", text: part.text });
    else if (part.type === "call") {
      const query = queryOf(part.arguments);
      const tagged = profile && closedQuery(said, profile);
      // A policy that writes its queries in tags wrote this one; the call only says it again.
      if (tagged && (tagged.query === query || tagged.raw.trim() === query.trim())) continue;
      const text = joined ? "" : `${part.name}(${JSON.stringify(part.arguments) ?? ""})`;
      stretches.push({ origin: "policy", kind: "query", text, call: { id: part.id, query } });
    } else {
      said += part.text;
      const tokens = part.type === "text" && part.tokens ? { tokens: part.tokens } : {};
      const kind = profile ? {} : { kind: final ? ("answer" as const) : ("other" as const) };
      stretches.push({ origin: "policy", text: part.text, ...kind, ...tokens });
    }
  }
  return stretches;
}

function otherStretches(parts: readonly MessagePart[], after: boolean): Stretch[] {
  return parts.flatMap((part): Stretch[] => {
    if (part.type === "call") return [];
    const tokens = part.type === "text" && part.tokens ? { tokens: part.tokens } : {};
    if (!after) return [{ origin: "prompt", text: part.text, ...tokens }];
    if (part.type !== "result") return [{ origin: "environment", text: part.text, ...tokens }];
    const { id, text, hits, error, seconds } = part;
    const result = {
      id,
      ...(hits ? { hits } : {}),
      ...(error === undefined ? {} : { error }),
      ...(seconds === undefined ? {} : { seconds }),
    };
    return [{ origin: "environment", kind: "documents", text, result }];
  });
}

/** What a call of a search tool asks for: its only text, or the one that is called a query; else all arguments. */
export function queryOf(given: unknown): string {
  if (typeof given === "string") return given;
  if (!isRecord(given)) return given === undefined ? "" : JSON.stringify(given);
  const named = ["query", "q", "search_query", "keywords", "question"].map((name) => given[name]);
  const texts = Object.values(given).filter((value) => typeof value === "string");
  const found = named.find((value) => typeof value === "string") ?? (texts.length === 1 ? texts[0] : undefined);
  return typeof found === "string" ? found : JSON.stringify(given);
}
