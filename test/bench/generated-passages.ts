import type { Passage } from "../../protocol/passage.ts";
import { seededRandom } from "../../server/evaluation/statistics/seeded-random.ts";

const vocabulary = 30_000;
const wordsPerPassage = 80;
const latent = 40;

/** Passages of made-up words as frequent as words are (rank 1 about 30 000 times as often as rank 30 000), so that full-text indexes have their usual work. */
export function generatedPassages(seed: number, first: number, count: number, perFile = 20): Passage[] {
  const random = seededRandom(seed + first);
  const word = (): string => spelled(Math.floor(vocabulary ** random()));
  return Array.from({ length: count }, (_, index) => {
    const at = first + index;
    const text = Array.from({ length: wordsPerPassage }, word).join(" ");
    const path = `folder-${Math.floor(at / perFile) % 50}/page-${Math.floor(at / perFile)}.md`;
    const line = 1 + (at % perFile) * 10;
    return {
      id: `id${seed}x${at}`,
      title: `Page ${word()} ${word()} › Section ${word()}`,
      text,
      place: {
        folder: "bench",
        path,
        startLine: line,
        endLine: line + 8,
        headings: ["Section"],
        contentHash: "0".repeat(64),
      },
    };
  });
}

/** A number as a word of letters, which no rule takes for an identifier or a plural. */
function spelled(number: number): string {
  const letters = "bcdfghjklmnpqrtvwxz";
  let word = "o";
  for (let rest = number; rest > 0; rest = Math.floor(rest / letters.length)) word += letters[rest % letters.length]!;
  return `${word}o`;
}

/** Queries of three words that are neither the most frequent nor the rarest. */
export function generatedQueries(seed: number, count: number): string[] {
  const random = seededRandom(seed);
  const word = (): string => spelled(Math.floor(20 * (vocabulary / 20) ** random()));
  return Array.from({ length: count }, () => `${word()} ${word()} ${word()}`);
}

/** Unit vectors around a few hundred centres in 40 of the dimensions, as those of sentences lie. */
export function vectorSource(dimension: number, seed: number): () => Float32Array {
  const random = seededRandom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const basis = Array.from({ length: latent }, () => Float32Array.from({ length: dimension }, normal));
  const centres = Array.from({ length: 300 }, () => Float32Array.from({ length: latent }, normal));
  return () => {
    const centre = centres[Math.floor(random() * centres.length)]!;
    const vector = new Float32Array(dimension);
    for (let axis = 0; axis < latent; axis++) {
      const weight = centre[axis]! + 0.5 * normal();
      const base = basis[axis]!;
      for (let at = 0; at < dimension; at++) vector[at]! += weight * base[at]!;
    }
    let sum = 0;
    for (const value of vector) sum += value * value;
    const length = Math.sqrt(sum);
    for (let at = 0; at < dimension; at++) vector[at]! /= length;
    return vector;
  };
}
