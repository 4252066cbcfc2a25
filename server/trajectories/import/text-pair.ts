import type { Profile } from "../../rollout/profile.ts";
import { type ImportedText, importText } from "../import-text.ts";
import { policyForm } from "./form.ts";

/** A prompt and what followed it, in segments. */
export interface TextPair {
  cut: ImportedText;
  profile: Profile | undefined;
  notices: string[];
}

/**
 * Cuts prompt and response of a record that tells them apart but not who wrote which part of the response. Tags that the
 * response shows (else those that the prompt names) say what is whose; without any the whole response is the policy's.
 */
export function textPair(prompt: string, response: string, given: Profile | undefined): TextPair {
  const profile = given ?? policyForm(response, prompt);
  const text = prompt + response;
  if (profile) {
    const cut = importText(text, profile, prompt.length);
    return {
      cut,
      profile,
      notices: ["Who wrote which part of the response was read from the tags; the record does not say."],
    };
  }
  const segments: ImportedText["segments"] = [];
  if (prompt !== "") segments.push({ kind: "prompt", origin: "prompt", start: 0, end: prompt.length, turn: 0 });
  if (response !== "")
    segments.push({ kind: "other", origin: "policy", start: prompt.length, end: text.length, turn: 0 });
  return {
    cut: { text, segments, searches: [] },
    profile: undefined,
    notices: ["The response shows no tags, and the record no mask: all of it is taken for the policy's."],
  };
}
