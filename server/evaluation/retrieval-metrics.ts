/** Ranked retrieval against a set of relevant ids, each 0 to 1. A query without relevant ids has no score: undefined. */
export interface RetrievalMetrics {
  /** Share of the relevant ids among the first k. */
  recall: number;
  /** 1 / rank of the first relevant id; 0 where none was found. Looks at the whole list. */
  reciprocalRank: number;
  /** Discounted gain of the first 10 over that of a perfect order; every relevant id counts the same. */
  ndcg10: number;
}

/** Scores one ranked list. An id that comes twice counts at its first place only, and takes up both. */
export function retrievalMetrics(
  ranked: readonly string[],
  relevant: ReadonlySet<string>,
  k: number,
): RetrievalMetrics | undefined {
  if (!Number.isInteger(k) || k < 1) throw new RangeError(`Recall needs a whole number of places from 1, not ${k}.`);
  if (relevant.size === 0) return undefined;
  const places = firstPlaces(ranked, relevant);
  let gain = 0;
  for (const place of places) if (place < 10) gain += discount(place);
  let perfect = 0;
  for (let place = 0; place < Math.min(10, relevant.size); place += 1) perfect += discount(place);
  return {
    recall: places.filter((place) => place < k).length / relevant.size,
    reciprocalRank: places.length === 0 ? 0 : 1 / (places[0]! + 1),
    ndcg10: gain / perfect,
  };
}

/** 0-based places of the relevant ids, in order. */
function firstPlaces(ranked: readonly string[], relevant: ReadonlySet<string>): number[] {
  const seen = new Set<string>();
  return ranked.flatMap((id, place) => {
    if (!relevant.has(id) || seen.has(id)) return [];
    seen.add(id);
    return [place];
  });
}

function discount(place: number): number {
  return 1 / Math.log2(place + 2);
}
