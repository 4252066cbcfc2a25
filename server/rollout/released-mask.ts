/**
 * The retrieval mask as the released training code finds it: by a search for token ids in the re-tokenised response
 * (`experience_maker.py`, `_generate_vllm_with_retrieve`, RUCAIBox/R1-Searcher at 631167c). Searchlight does not train by it;
 * it is here so that an audit can say where that search goes wrong.
 */
export interface ReleasedMask {
  /** One entry per response token: 1 trained on, 0 masked. */
  mask: (0 | 1)[];
  /** Blocks that were opened, and those of them that were closed. */
  starts: number;
  ends: number;
}

interface TagIds {
  start: readonly number[];
  end: readonly number[];
}

/** `<|begin_of_documents|>` and a line feed; `end_of_documents|>` and two, whose `<|` lies inside the block already. */
const qwen: TagIds = { start: [27, 91, 7265, 3575, 75927, 91, 397], end: [408, 3575, 75927, 91, 1339] };
const llama: TagIds = { start: [27, 91, 7413, 3659, 77027, 91, 397], end: [408, 3659, 77027, 91, 1363] };

/** Llama-3's beginning-of-text id, by which the released code tells the two tokenizers apart. */
const llamaFirstId = 128_000;

/** Masks from each start pattern to the next end pattern, both inclusive; an unclosed block runs to the end of the response. */
export function releasedMask(promptIds: readonly number[], responseIds: readonly number[]): ReleasedMask {
  const tags = promptIds[0] === llamaFirstId ? llama : qwen;
  const mask: (0 | 1)[] = responseIds.map(() => 1);
  let starts = 0;
  let ends = 0;
  let at = 0;
  for (;;) {
    const start = find(responseIds, tags.start, at);
    if (start < 0) return { mask, starts, ends };
    starts += 1;
    const end = find(responseIds, tags.end, start + tags.start.length);
    const after = end < 0 ? responseIds.length : end + tags.end.length;
    mask.fill(0, start, after);
    if (end < 0) return { mask, starts, ends };
    ends += 1;
    at = after;
  }
}

/** The released code prints a warning, and goes on, where these three counts differ. */
export function releasedWarning({ starts, ends }: ReleasedMask, searches: number): boolean {
  return starts !== ends || starts !== searches;
}

/**
 * An older function of the same file, for tokenizers in which each tag is one token. It pairs the n-th start with the n-th
 * end; undefined where their counts differ, at which the original raises.
 */
export function singleTokenMask(
  responseIds: readonly number[],
  startId = 151_657,
  endId = 151_658,
): (0 | 1)[] | undefined {
  const places = (id: number): number[] => responseIds.flatMap((each, index) => (each === id ? [index] : []));
  const starts = places(startId);
  const ends = places(endId);
  if (starts.length !== ends.length) return undefined;
  const mask: (0 | 1)[] = responseIds.map(() => 1);
  for (const [index, start] of starts.entries()) mask.fill(0, start, Math.max(start, ends[index]! + 1));
  return mask;
}

function find(ids: readonly number[], pattern: readonly number[], from: number): number {
  for (let at = from; at + pattern.length <= ids.length; at += 1) {
    if (pattern.every((id, index) => ids[at + index] === id)) return at;
  }
  return -1;
}
