/** Which sequences answer the same prompt: lists of sequence indices that together name each sequence once. */
export type Groups = readonly (readonly number[])[];

/** Groups sequences by the id of their prompt, in order of first appearance; members need not be neighbours. */
export function groupByPrompt(prompts: readonly (string | number)[]): number[][] {
  const groups = new Map<string | number, number[]>();
  prompts.forEach((prompt, sequence) => {
    const group = groups.get(prompt);
    if (group) group.push(sequence);
    else groups.set(prompt, [sequence]);
  });
  return [...groups.values()];
}

/** Groups of `size` neighbours, as rollouts of one prompt lie in a buffer; a shorter last group is an error of the caller's buffer. */
export function groupsOf(size: number, sequences: number): number[][] {
  if (!Number.isInteger(size) || size < 1 || sequences % size !== 0) {
    throw new RangeError(`${sequences} rollouts cannot be cut into groups of ${size}: pass whole groups.`);
  }
  return Array.from({ length: sequences / size }, (_, group) =>
    Array.from({ length: size }, (_, member) => group * size + member),
  );
}

export interface GroupStatistics {
  readonly mean: number;
  /** Standard deviation with one degree of freedom taken off; 0 for a group of one. */
  readonly std: number;
  /** Whether the rewards differ by more than rounding does. */
  readonly spread: boolean;
}

// Equal rewards that were added up in different orders differ in their last bits. Dividing that by a standard deviation of the same
// size turns rounding into advantages of about one, so differences of this relative size count as none.
const rounding = 1e-13;

/** Mean, sample standard deviation and spread of one group's rewards. */
export function groupStatistics(rewards: ArrayLike<number>, group: readonly number[]): GroupStatistics {
  let mean = 0;
  let lowest = Infinity;
  let highest = -Infinity;
  for (const sequence of group) {
    const reward = rewards[sequence]!;
    mean += reward / group.length;
    lowest = Math.min(lowest, reward);
    highest = Math.max(highest, reward);
  }
  if (highest - lowest <= rounding * Math.max(1, Math.abs(highest), Math.abs(lowest)))
    return { mean, std: 0, spread: false };
  let squares = 0;
  for (const sequence of group) squares += (rewards[sequence]! - mean) ** 2;
  return { mean, std: Math.sqrt(squares / (group.length - 1)), spread: true };
}
