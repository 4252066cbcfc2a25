import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { builtInProfiles } from "./profiles/index.ts";
import { whyUnread } from "../file-failure.ts";

/** A tag is never empty where the loop depends on it; the profile says "" for a tag it does not have. */
const Tag = z
  .string()
  .max(64)
  .refine((tag) => [...tag].length !== 1, "a tag has at least two characters");

/** How the transcript begins. `{question}` and `{earlier}` are replaced; nothing else in a template has a meaning. */
export const Prompt = z.discriminatedUnion("kind", [
  /** One text that the policy continues; the part after the last line break belongs to the assistant. */
  z.strictObject({ kind: z.literal("text"), text: z.string() }),
  /** Messages; `prefix` is text that the assistant's reply begins with and that is part of the prompt. */
  z.strictObject({ kind: z.literal("chat"), system: z.string(), user: z.string(), prefix: z.string() }),
]);
export type Prompt = z.infer<typeof Prompt>;

/** How retrieved passages are written into the transcript. */
export const Insertion = z.strictObject({
  before: z.string(),
  /** One passage: `{number}`, `{title}`, `{place}`, `{text}`. */
  document: z.string(),
  /** Used where a passage has no title of its own (documents of a remote server are one string); also `{firstLine}`, `{rest}`. */
  untitledDocument: z.string(),
  after: z.string(),
  /** Cuts white space round the documents as a whole. */
  cutSpace: z.boolean(),
  /** In place of the documents when nothing was found. */
  none: z.string(),
  /** `search`: numbers start at 1 in every block. `running`: they go on, so that an answer can name a document. */
  numbering: z.enum(["search", "running"]),
  /** Removes a corpus row number (`12\t…`) in front of a document. */
  rowNumbers: z.enum(["keep", "strip"]),
});
export type Insertion = z.infer<typeof Insertion>;

export const QueryRule = z.strictObject({
  /** Strings deleted from what the policy wrote. */
  remove: z.array(z.string()),
  /** Strings replaced by a space. */
  toSpace: z.array(z.string()),
  /** Which opening tag of a stretch begins the query. */
  pick: z.enum(["first", "last"]),
  /** White space: as written, cut at both ends, or collapsed to single spaces as well. */
  space: z.enum(["keep", "cut", "collapse"]),
  /** An empty query ends the rollout or is sent like any other. */
  empty: z.enum(["end", "send"]),
});
export type QueryRule = z.infer<typeof QueryRule>;

/**
 * Everything that makes one kind of rollout: data, no code. The same loop runs all of them, so a project can add its own
 * as a JSON file of this shape.
 */
const ProfileShape = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "a name is made of a-z, 0-9 and -"),
  about: z.string(),
  prompt: Prompt,
  tags: z.strictObject({
    thinkOpen: Tag,
    thinkClose: Tag,
    queryOpen: Tag.min(1),
    queryClose: Tag.min(1),
    documentsOpen: Tag,
    documentsClose: Tag,
    answerOpen: Tag.min(1),
    answerClose: Tag.min(1),
  }),
  /** Strings that end a stretch of policy text. They are not part of the text; a closing tag is written back by the loop. */
  stops: z.array(z.string().min(1).max(64)).min(1).max(16),
  /** Cuts white space around a stretch that ends in a query, as the reference program does before it inserts documents. */
  stripBeforeSearch: z.boolean(),
  query: QueryRule,
  insertion: Insertion,
  /** `tags`: only what stands between the answer tags. `tags-or-text`: else what follows the thinking. */
  answer: z.enum(["tags", "tags-or-text"]),
  sampling: z.strictObject({
    temperature: z.number().min(0).max(5),
    topP: z.number().gt(0).max(1),
    maxSegmentTokens: z.int().min(1).max(1_000_000),
  }),
  limits: z.strictObject({
    /** A query beyond these is not sent; the rollout ends. */
    searches: z.int().min(0).max(1000),
    /** Stretches of policy text. */
    turns: z.int().min(1).max(1001),
    /** Passages asked for and inserted per query. */
    passages: z.int().min(1).max(100),
    seconds: z.number().gt(0),
    /** UTF-16 units of the whole transcript. */
    characters: z.int().min(1000),
    /** Tokens that the policy writes, over all its stretches; of no effect for a policy that counts none. */
    tokens: z.int().min(1).max(10_000_000).optional(),
  }),
  /** Inserted instead of ending where a stretch holds neither query nor answer; absent: the rollout ends. */
  invalidAction: z.string().optional(),
  /** Inserted instead of ending where a search failed, never what the failure says; absent: the rollout ends. */
  retrievalFailed: z.string().min(1).optional(),
  normaliser: z.enum(["punctuation-to-space", "punctuation-deleted"]),
  /** Names of the reward profiles that fit this format. */
  rewards: z.array(z.string()),
});

/** What every field may hold alone and would still make a rollout that asks nothing or never searches. */
export const Profile = ProfileShape.superRefine(({ prompt, tags, stops, insertion }, context) => {
  const issue = (path: (string | number)[], message: string): void =>
    context.addIssue({ code: "custom", path, message });
  const [field, template] = prompt.kind === "chat" ? ["user", prompt.user] : ["text", prompt.text];
  if (!/\{question\??\}/.test(template)) issue(["prompt", field], "it lacks {question}, so nothing would be asked");
  if (!stops.includes(tags.queryClose))
    issue(["stops"], `it lacks the query's closing tag ${tags.queryClose}, so nothing would be searched`);
  if (!insertion.document.includes("{text}"))
    issue(["insertion", "document"], "it lacks {text}, so nothing found would be read");
  if (!/\{(?:text|rest)\}/.test(insertion.untitledDocument))
    issue(["insertion", "untitledDocument"], "it lacks {text} and {rest}, so nothing found would be read");
});
export type Profile = z.infer<typeof Profile>;

/** More of what is wrong with one file says no more. */
const mostIssues = 5;

/** A profile is a page of text; anything far larger is no profile. */
const mostBytes = 1_000_000;

export type LoadedProfile = { ok: true; profile: Profile } | { ok: false; reason: string };

/**
 * A built-in profile by name, or a project's own by the path of its JSON file, relative to `from`. The reason names the
 * fields that are wrong.
 */
export async function loadProfile(nameOrPath: string, from = process.cwd()): Promise<LoadedProfile> {
  const builtIn = builtInProfiles.find(({ name }) => name === nameOrPath);
  if (builtIn) return { ok: true, profile: builtIn };
  if (!/[./\\]/.test(nameOrPath)) {
    const names = builtInProfiles.map(({ name }) => name).join(", ");
    return {
      ok: false,
      reason: `There is no profile ${nameOrPath}; there are ${names}, and any JSON file of that shape.`,
    };
  }
  let data: unknown;
  try {
    const path = resolve(from, nameOrPath);
    if ((await stat(path)).size > mostBytes)
      return { ok: false, reason: `The profile file ${nameOrPath} is larger than ${mostBytes} bytes.` };
    data = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    const detail = error instanceof SyntaxError ? `is no JSON (${error.message})` : whyUnread(error);
    return {
      ok: false,
      reason: `The profile file ${nameOrPath} ${detail}; name another, or one that searchlight profiles lists.`,
    };
  }
  const parsed = Profile.safeParse(data);
  if (parsed.success) return { ok: true, profile: parsed.data };
  const wrong = parsed.error.issues.map(
    ({ path, message }) => `${path.map(String).join(".") || "the whole file"}: ${message}`,
  );
  const more = wrong.length > mostIssues ? `; and ${wrong.length - mostIssues} more` : "";
  return {
    ok: false,
    reason: `The profile file ${nameOrPath} is wrong at ${wrong.slice(0, mostIssues).join("; ")}${more}.`,
  };
}

export { builtInProfiles };
