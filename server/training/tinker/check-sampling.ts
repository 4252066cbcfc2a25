import { type EngineCapabilities, EngineError, type SampleRequest } from "../engine.ts";

/** Seeds must fit the engine's int32. */
export const seedsBelow = 2 ** 31;

function refuse(message: string): never {
  throw new EngineError("invalid", message);
}

/**
 * Refuses ids that would silently be read as others, or give log-probs that are no numbers.
 * @throws EngineError of kind "invalid"
 */
export function checkIds(ids: ArrayLike<number>, what: string, { vocabulary }: EngineCapabilities): void {
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at]!;
    if (!Number.isInteger(id) || id < 0 || id >= vocabulary)
      refuse(`${what} holds the token id ${id}, but the vocabulary has ${vocabulary}; use the engine's own tokenizer.`);
  }
}

/**
 * Refuses what an engine would never answer, would fail a whole batch by, or would answer with nonsense: no prompt, ids out of range,
 * more tokens than the model reads, seeds beyond int32.
 * @throws EngineError of kind "invalid"
 */
export function checkSampling(requests: readonly SampleRequest[], capabilities: EngineCapabilities): void {
  for (const [at, { prompt, maxTokens, temperature, topP, seed, stopIds, stopStrings }] of requests.entries()) {
    const what = `Request ${at}`;
    if (prompt.length === 0) refuse(`${what} has no prompt; give it at least one token.`);
    checkIds(prompt, `${what}'s prompt`, capabilities);
    if (!Number.isInteger(maxTokens) || maxTokens < 1)
      refuse(`${what} asks for ${maxTokens} tokens; ask for at least 1.`);
    if (prompt.length + maxTokens > capabilities.contextLength)
      refuse(
        `${what} has ${prompt.length} tokens and asks for ${maxTokens} more, but the model reads ${capabilities.contextLength}; shorten it.`,
      );
    if (!Number.isInteger(seed) || seed < 0 || seed >= seedsBelow)
      refuse(`${what} has the seed ${seed}; a seed is a whole number from 0 to ${seedsBelow - 1}.`);
    if (!Number.isFinite(temperature) || temperature < 0)
      refuse(`${what} has the temperature ${temperature}; use 0 or more.`);
    if (topP !== undefined && !(topP > 0 && topP <= 1))
      refuse(`${what} has top-p ${topP}; use more than 0, at most 1.`);
    checkIds(stopIds, `${what}'s stops`, capabilities);
    if (stopStrings?.some((stop) => stop === "")) refuse(`${what} has an empty stop string; leave it out.`);
  }
}
