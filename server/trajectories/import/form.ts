import { type Profile, builtInProfiles } from "../../rollout/profile.ts";

/** Marks of each form. The first in the text decides, since a retrieved document may hold any of them. */
const marks: readonly { form: "r1-searcher" | "search-r1" | "react"; pattern: RegExp }[] = [
  { form: "r1-searcher", pattern: /<\|(?:begin|end)_of_(?:query|documents)\|>/u },
  { form: "search-r1", pattern: /<\/?(?:search|information)>/u },
  { form: "react", pattern: /^(?:Thought|Action) 1:/mu },
];

/** The form that a text shows by its tags: the profile that describes it, ReAct, which none does, or undefined. */
export function detectForm(text: string): Profile | "react" | undefined {
  const form = markedForm(text);
  if (form) return form;
  // Without a search the forms differ in who opens the thinking: R1-Searcher's prompt does, Search-R1's policy does.
  if (!/<\/think>|<answer>/u.test(text)) return undefined;
  return profileNamed(text.includes("<think>") ? "search-r1" : "r1-searcher");
}

/** The form of the first tag of a search, or the first step of ReAct. */
function markedForm(text: string): Profile | "react" | undefined {
  let best: { form: (typeof marks)[number]["form"]; at: number } | undefined;
  for (const { form, pattern } of marks) {
    const at = text.search(pattern);
    if (at >= 0 && (!best || at < best.at)) best = { form, at };
  }
  if (!best || best.form === "react") return best?.form as "react" | undefined;
  return profileNamed(best.form);
}

/** The tags of a policy's text, where the record says which text that is; without a search in it, those that its prompt asks for. */
export function policyForm(text: string, prompt = ""): Profile | undefined {
  const form = markedForm(text) ?? markedForm(prompt) ?? detectForm(text);
  return form === "react" ? undefined : form;
}

export function profileNamed(name: string): Profile | undefined {
  return builtInProfiles.find((profile) => profile.name === name);
}
