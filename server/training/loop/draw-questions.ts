import { shuffle } from "simple-statistics";
import type { EvaluationQuestion } from "../../evaluation/data-sets/question.ts";
import { seededRandom } from "../../evaluation/statistics/seeded-random.ts";
import { mixedSeed } from "../sampler-policy.ts";
import type { WeightedQuestions } from "./host.ts";

/**
 * Questions of a mixture, drawn one after another: the set by its weight, then the set's next question in an order that is shuffled anew
 * for each pass. The nth draw depends on the seed and n alone, so that a resumed run goes on in the same order.
 */
export class QuestionDraws {
  readonly #sets: readonly WeightedQuestions[];
  readonly #seed: number;
  readonly #taken: number[];
  readonly #orders: EvaluationQuestion[][];
  #drawn = 0;

  constructor(sets: readonly WeightedQuestions[], seed: number, drawn: number) {
    if (sets.length === 0 || sets.some(({ questions }) => questions.length === 0))
      throw new RangeError("A mixture has at least one set, and each set a question.");
    this.#sets = sets;
    this.#seed = seed;
    this.#taken = sets.map(() => 0);
    this.#orders = sets.map(() => []);
    while (this.#drawn < drawn) this.next();
  }

  get drawn(): number {
    return this.#drawn;
  }

  next(): EvaluationQuestion {
    const set = this.#chooseSet();
    const { questions } = this.#sets[set]!;
    const taken = this.#taken[set]!++;
    const place = taken % questions.length;
    if (place === 0)
      this.#orders[set] = shuffle(
        [...questions],
        seededRandom(mixedSeed(this.#seed, 1, set, Math.floor(taken / questions.length))),
      );
    this.#drawn++;
    return this.#orders[set]![place]!;
  }

  #chooseSet(): number {
    const total = this.#sets.reduce((sum, { weight }) => sum + weight, 0);
    let left = (mixedSeed(this.#seed, 2, this.#drawn) / 2 ** 31) * total;
    for (const [index, { weight }] of this.#sets.entries()) {
      left -= weight;
      if (left < 0) return index;
    }
    return this.#sets.length - 1;
  }
}
