import type { Answer, Citation } from "../protocol/answer.ts";
import { originCounts, partitionFault } from "../protocol/masks.ts";
import type { Hit } from "../protocol/passage.ts";
import { type ToldFolder, formatToldPlace, toldFoldersOf } from "../protocol/told-folders.ts";
import type { Search, Segment, Trajectory, TrainingPlace } from "../protocol/trajectory.ts";
import { auditMask } from "./rollout/mask-audit.ts";
import { builtInProfiles } from "./rollout/profile.ts";

/** What stands beside every masked span, so that no reader depends on a colour to see it. */
export const maskedWords = "masked, not trained on";

/** One piece of a transcript as it is read: a segment, or a search beside the text that it led to. */
export type TranscriptPart =
  | { type: "segment"; segment: Segment; turn: number }
  | { type: "search"; search: Search; /** 1-based. */ number: number; turn: number };

/**
 * Segments in their order, with each search before the documents that it brought, or at the end of its turn where it
 * brought none. Pure, for the terminal, the page and the editor's text form alike.
 */
export function transcriptParts({ segments, searches }: Pick<Trajectory, "segments" | "searches">): TranscriptPart[] {
  const waiting = searches.map((search, index) => ({
    type: "search" as const,
    search,
    number: index + 1,
    turn: search.turn,
  }));
  const parts: TranscriptPart[] = [];
  for (const segment of segments) {
    while (
      waiting[0] &&
      (waiting[0].turn < segment.turn || (waiting[0].turn === segment.turn && segment.origin === "environment"))
    )
      parts.push(waiting.shift()!);
    parts.push({ type: "segment", segment, turn: segment.turn });
  }
  return [...parts, ...waiting];
}

/** `documents, environment: 431 characters, masked, not trained on`. */
export function segmentTitle(segment: Segment): string {
  const { kind, origin, start, end, tokenStart, tokenEnd } = segment;
  const size =
    tokenStart === undefined || tokenEnd === undefined
      ? count(Math.max(0, end - start), "character")
      : count(Math.max(0, tokenEnd - tokenStart), "token");
  return `${kind === origin ? kind : `${kind}, ${origin}`}: ${size}${origin === "environment" ? `, ${maskedWords}` : ""}`;
}

/** `3 hits, 12 ms, cached`, or why there are none. */
export function searchOutcome({ hits, seconds, cached, error, neutralised }: Search): string {
  if (error !== undefined) return `failed: ${error}`;
  const tags = neutralised > 0 ? [`${count(neutralised, "control tag")} in documents neutralised`] : [];
  return [count(hits.length, "hit"), `${Math.round(seconds * 1000)} ms`, ...(cached ? ["cached"] : []), ...tags].join(
    ", ",
  );
}

export interface HitFacts {
  where: string;
  title: string;
  /** What each leg said, whether it was inserted, which citations quote it. */
  notes: string[];
}

/** What of a trajectory is known where one of its hits or citations is written. */
export interface Told {
  answer: Answer | undefined;
  told: ToldFolder;
}

export function toldOf(trajectory: Trajectory): Told {
  return { answer: trajectory.answer, told: toldFoldersOf(trajectory) };
}

/** What is worth knowing of the hit at `index` of a search. */
export function hitFacts(search: Search, index: number, { answer, told }: Told): HitFacts {
  const { passage, words, vectors } = search.hits[index]!;
  const cited = (answer?.citations ?? []).filter((citation) => citation.passage === passage.id);
  return {
    where: hitPlace(search.hits[index]!, told),
    title: passage.title,
    notes: [
      ...(words ? [`words #${words.rank} (${rounded(words.score)})`] : []),
      ...(vectors ? [`vectors #${vectors.rank} (${rounded(vectors.score)})`] : []),
      ...(index < search.insertedHits ? ["inserted"] : []),
      ...cited.map(({ number }) => `cited as [${number}]`),
    ],
  };
}

function hitPlace({ passage }: Hit, told: ToldFolder): string {
  return passage.place ? formatToldPlace(passage.place, told) : passage.id;
}

export function citationPlace({ place, title, passage }: Citation, told: ToldFolder): string {
  return place ? formatToldPlace(place, told) : title || passage;
}

/** The searches whose documents a masked segment holds. */
export function searchesOf(segment: Segment, searches: readonly Search[]): Search[] {
  const inside = searches.filter(
    ({ insertedStart, insertedEnd }) => insertedStart < segment.end && insertedEnd > segment.start,
  );
  return inside.length > 0 ? inside : searches.filter(({ turn }) => turn === segment.turn);
}

/** Everything about a trajectory that is not its text, as labels and values, in the order of interest. */
export function trajectoryFacts(trajectory: Trajectory): [label: string, value: string][] {
  const { policy, profile, stop, usage, segments, sampling, index } = trajectory;
  const counts = originCounts(segments);
  const settings = Object.entries(sampling).map(([name, value]) => `${name} ${value}`);
  const folders = index.folders.map(({ name }) => name).join(", ");
  const fault = partitionFault(segments, trajectory.text.length);
  return [
    ["Question", trajectory.question],
    ...(trajectory.golds ?? []).map((gold): [string, string] => ["Gold answer", gold]),
    ["Asked", `${trajectory.createdAt}, ${trajectory.status}`],
    ["Policy", [`${policy.label} (${policy.id})`, policy.chosen, ...settings].filter(Boolean).join(", ")],
    ["Profile", profile],
    ["Searched", [folders, index.id, index.coverage].filter(Boolean).join(", ")],
    ["Stopped", stop ? [stop.reason, stop.detail].filter(Boolean).join(": ") : trajectory.status],
    [
      "Used",
      `${count(usage.turns, "turn")}, ${count(usage.searches, "search", "searches")}, ${rounded(usage.seconds)} s`,
    ],
    [
      "Mask",
      `${count(counts.policy, "character")} by the policy; ${counts.environment} (${Math.round(100 * counts.maskedShare)} %) ${maskedWords}`,
    ],
    ...trainingFacts(trajectory.training),
    ...maskAudit(trajectory),
    ...(fault === undefined
      ? []
      : [["Damaged", `${fault}; parts of the text may be shown twice or not at all`] as [string, string]]),
    ...trajectory.notices.map((notice): [string, string] => ["Notice", notice]),
  ];
}

/** Where a rollout stands in its run and group, and what the update made of it; nothing for one that was not trained on. */
function trainingFacts(training: TrainingPlace | undefined): [label: string, value: string][] {
  if (!training) return [];
  const { step, stage, group, sample, groupSize, groupMean, rank, advantage, kl, klCoefficient } = training;
  const of = groupSize === undefined ? "" : ` of ${groupSize}`;
  const facts = [
    ...(step === undefined ? [] : [`step ${step}`]),
    ...(stage === undefined ? [] : [stage]),
    ...(group === undefined ? [] : [`group ${group}`]),
    ...(sample === undefined ? [] : [`rollout ${sample + 1}${of}`]),
    ...(advantage === undefined ? [] : [`advantage ${rounded(advantage)}`]),
    ...(groupMean === undefined ? [] : [`group mean ${rounded(groupMean)}`]),
    ...(rank === undefined ? [] : [`rank ${rank}${of}`]),
    ...(kl === undefined ? [] : [`KL ${rounded(kl)} nats${klCoefficient ? ` × ${klCoefficient}` : ""}`]),
  ];
  return facts.length === 0 ? [] : [["Training", facts.join(", ")]];
}

/** What other ways of finding the mask say of it; nothing where its profile is a project's own and not at hand. */
function maskAudit(trajectory: Trajectory): [label: string, value: string][] {
  const profile = builtInProfiles.find(({ name }) => name === trajectory.profile);
  if (!profile) return [];
  const { agree, disagreements } = auditMask(trajectory, profile);
  if (agree) return [["Mask audit", "a search for tags masks the same text"]];
  const wrong = disagreements.filter(({ kind }) => kind !== "trained-break");
  return wrong.map(({ kind, message }): [string, string] => ["Mask audit", `${kind}: ${message}`]);
}

/** A number for a reader: three decimals, no trailing zeros. */
export function rounded(value: number): string {
  return String(Number(value.toFixed(3)));
}

function count(value: number, one: string, many = `${one}s`): string {
  return `${value} ${value === 1 ? one : many}`;
}
