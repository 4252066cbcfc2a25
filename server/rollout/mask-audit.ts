import type { Segment, Trajectory } from "../../protocol/trajectory.ts";
import { releasedMask } from "./released-mask.ts";
import type { Profile } from "./profile.ts";

/**
 * forged-tag: a documents tag that the environment's insertion did not write, in policy text or inside a document;
 * unclosed-block: a block whose end is not found, so that a search would mask what follows;
 * tokenizer-mismatch: an inserted block whose tokens do not hold the pattern, so that a search would train on it;
 * trained-break: white space that the environment inserted around the tags and that a search for tags trains on.
 */
export type DisagreementKind = "forged-tag" | "unclosed-block" | "tokenizer-mismatch" | "trained-break";

export interface Disagreement {
  kind: DisagreementKind;
  /** Which way of finding the mask goes wrong: a search for tags in the text, or the released search for token ids. */
  found: "text" | "released";
  /** UTF-16 range of the trajectory's text. */
  start: number;
  end: number;
  /** Tokens on which the masks differ; 0 for a text search. */
  tokens: number;
  message: string;
}

export interface MaskAudit {
  /** No disagreement but trained breaks: every way of finding the mask spares the same policy text. */
  agree: boolean;
  disagreements: Disagreement[];
}

/**
 * Compares the mask by construction (`origin === "policy"` is trained on) with what a search for the profile's tags in the
 * text would mask, and, where the trajectory holds token ids, with the released code's search for ids.
 */
export function auditMask(
  trajectory: Pick<Trajectory, "text" | "segments" | "tokens">,
  profile: Pick<Profile, "tags">,
): MaskAudit {
  const disagreements = [...textDisagreements(trajectory, profile.tags), ...releasedDisagreements(trajectory)];
  return { agree: disagreements.every(({ kind }) => kind === "trained-break"), disagreements };
}

function textDisagreements(
  { text, segments }: Pick<Trajectory, "text" | "segments">,
  { documentsOpen, documentsClose }: Profile["tags"],
): Disagreement[] {
  if (documentsOpen === "" || documentsClose === "") return [];
  const found: Disagreement[] = [];
  const add = (kind: DisagreementKind, start: number, end: number, message: string): void => {
    found.push({ kind, found: "text", start, end, tokens: 0, message });
  };
  for (const run of joined(segments)) {
    const part = text.slice(run.start, run.end);
    const opens = places(part, documentsOpen);
    const closes = places(part, documentsClose);
    const at = (place: number, tag: string): [number, number] => [run.start + place, run.start + place + tag.length];
    if (run.origin === "policy") {
      for (const place of opens) {
        add(
          "forged-tag",
          ...at(place, documentsOpen),
          `The policy wrote ${documentsOpen}; a search for tags would mask its own text.`,
        );
      }
      for (const place of closes) {
        add(
          "forged-tag",
          ...at(place, documentsClose),
          `The policy wrote ${documentsClose}, which closes nothing of its own.`,
        );
      }
      continue;
    }
    // The insertion writes one pair; what lies between came with a document.
    for (const place of opens.slice(1))
      add("forged-tag", ...at(place, documentsOpen), `A document holds ${documentsOpen}.`);
    for (const place of closes.slice(0, -1)) {
      add(
        "forged-tag",
        ...at(place, documentsClose),
        `A document holds ${documentsClose}; a search for tags would train on what follows it.`,
      );
    }
    if (opens.length > 0 && closes.length === 0) {
      add(
        "unclosed-block",
        ...at(opens[0]!, documentsOpen),
        `The block lacks ${documentsClose}; a search for tags would mask what follows it.`,
      );
    }
  }
  return found;
}

function releasedDisagreements({ segments, tokens }: Pick<Trajectory, "segments" | "tokens">): Disagreement[] {
  const counted = segments.filter((segment) => segment.tokenStart !== undefined && segment.tokenEnd !== undefined);
  if (!tokens || counted.length === 0) return [];
  const from = counted.find(({ origin }) => origin !== "prompt")?.tokenStart ?? tokens.ids.length;
  const { mask } = releasedMask(tokens.ids.slice(0, from), tokens.ids.slice(from));
  const disagreements: Disagreement[] = [];
  let open = false;
  for (const segment of counted) {
    if (segment.origin === "prompt") continue;
    const found = mask.slice(segment.tokenStart! - from, segment.tokenEnd! - from);
    const trained = segment.origin === "policy" ? 1 : 0;
    const differing = found.filter((value) => value !== trained).length;
    if (differing > 0) {
      const kind = kindOf(segment, found, open);
      const message = sentences[kind](differing, segment.origin);
      disagreements.push({
        kind,
        found: "released",
        start: segment.start,
        end: segment.end,
        tokens: differing,
        message,
      });
    }
    if (found.length > 0) open = found.at(-1) === 0 && (segment.origin === "environment" || open);
  }
  return disagreements;
}

function kindOf({ origin, kind }: Segment, found: readonly (0 | 1)[], open: boolean): DisagreementKind {
  if (origin === "policy") return open && found[0] === 0 ? "unclosed-block" : "forged-tag";
  const masked = found.indexOf(0);
  if (masked < 0 || kind !== "documents") return "tokenizer-mismatch";
  // What is trained on before the opening tag is the inserted break; after it, something in the block closed it early.
  return found.indexOf(1, masked) < 0 ? "trained-break" : "forged-tag";
}

const sentences: Readonly<Record<DisagreementKind, (tokens: number, origin: Segment["origin"]) => string>> = {
  "forged-tag": (tokens, origin) =>
    origin === "policy"
      ? `The released search masks ${tokens} tokens that the policy wrote, from a tag of its own.`
      : `The released search takes a tag inside a document for the end of the block and trains on ${tokens} of its tokens.`,
  "unclosed-block": (tokens) =>
    `The released search does not find the end of the block before, and masks ${tokens} tokens that the policy wrote.`,
  "tokenizer-mismatch": (tokens) =>
    `The released search does not find its pattern in this block, and trains on its ${tokens} tokens.`,
  "trained-break": (tokens) => `The released search trains on ${tokens} inserted tokens in front of the documents.`,
};

function joined(segments: readonly Segment[]): Pick<Segment, "origin" | "start" | "end">[] {
  const runs: Pick<Segment, "origin" | "start" | "end">[] = [];
  for (const { origin, start, end, kind } of segments) {
    if (origin === "prompt" || start === end) continue;
    const last = runs.at(-1);
    // Two insertions side by side are two blocks; two pieces of policy text may share a tag.
    if (last && origin === "policy" && last.origin === "policy" && last.end === start) last.end = end;
    else if (origin === "policy" || kind === "documents") runs.push({ origin, start, end });
  }
  return runs;
}

function places(text: string, tag: string): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(tag); at >= 0; at = text.indexOf(tag, at + tag.length)) found.push(at);
  return found;
}
