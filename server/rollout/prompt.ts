import type { Segment, Trajectory } from "../../protocol/trajectory.ts";
import type { ChatMessage, ChatPrompt } from "../models/policy.ts";
import { neutralise } from "./control-tags.ts";
import type { Profile } from "./profile.ts";

/** A question and answer that the one at hand follows up. */
export interface Earlier {
  question: string;
  answer: string;
}

export function earlierOf(trajectory: Trajectory): Earlier {
  return { question: trajectory.question, answer: trajectory.answer?.text ?? "" };
}

/**
 * Puts a question into a profile's prompt. A question's own braces have no meaning, and neither have tags in an earlier answer, which may
 * quote a document.
 */
export function fillPrompt(profile: Profile, question: string, earlier?: Earlier): ChatPrompt {
  const before = earlier
    ? `Earlier question: ${earlier.question}\nEarlier answer: ${neutralise(earlier.answer).text}\n\nThe question that follows it up: `
    : "";
  const fields: Record<string, string> = {
    question,
    "question?": question.endsWith("?") ? question : `${question}?`,
    earlier: before,
  };
  const fill = (template: string): string =>
    template.replace(/\{(question\??|earlier)\}/g, (_, field: string) => fields[field]!);
  const { prompt } = profile;
  if (prompt.kind === "chat") {
    const user = fill(prompt.user);
    const text = [prompt.system, user].filter(Boolean).join("\n\n");
    return {
      system: prompt.system,
      user,
      prefix: prompt.prefix,
      text: prompt.prefix ? `${text}\n\n${prompt.prefix}` : text,
    };
  }
  const text = fill(prompt.text);
  const { thinkOpen } = profile.tags;
  const prefix = thinkOpen && text.endsWith(thinkOpen) ? thinkOpen : "";
  return { system: "", user: text.slice(0, text.length - prefix.length), prefix, text };
}

/**
 * The transcript as chat turns: what the policy wrote is the assistant's, what the environment inserted is the user's. The
 * prompt's prefix is not sent; a chat model opens its own thinking.
 */
export function chatMessages(prompt: ChatPrompt, text: string, segments: readonly Segment[]): ChatMessage[] {
  const messages: ChatMessage[] = [];
  if (prompt.system) messages.push({ role: "system", content: prompt.system });
  messages.push({ role: "user", content: prompt.user });
  let origin: Segment["origin"] = "prompt";
  let opening = prompt.prefix;
  for (const segment of segments) {
    if (segment.origin === "prompt") continue;
    const content = text.slice(segment.start, segment.end);
    if (segment.origin === origin) {
      messages.at(-1)!.content += content;
      continue;
    }
    origin = segment.origin;
    if (origin === "policy") messages.push({ role: "assistant", content: opening + content });
    else messages.push({ role: "user", content });
    opening = "";
  }
  return messages;
}
