import { describe, expect, it } from "vitest";
import type { Search } from "../../../protocol/trajectory.ts";
import { evidenceReached, rolloutMetrics } from "../../../server/evaluation/rollout-metrics.ts";
import { r1Searcher } from "../../../server/rollout/profiles/r1-searcher.ts";
import { importText } from "../../../server/trajectories/import-text.ts";
import { hasReference, referenceRows } from "../../fixtures/golden.ts";
import { sampleTrajectory } from "../../fixtures/trajectory.ts";
import { cleanRollout, scoredParts } from "../../fixtures/scored-parts.ts";

function search(query: string, documents: string[], fields: Partial<Search> = {}): Search {
  const hits = documents.map((text, index) => ({
    passage: { id: text, title: "", text },
    rank: index + 1,
    score: 1,
    matched: [],
  }));
  const place = { insertedStart: 0, insertedEnd: 0, insertedHits: hits.length };
  return { turn: 0, query, rawQuery: query, hits, ...place, neutralised: 0, seconds: 0, cached: false, ...fields };
}

describe("rolloutMetrics", () => {
  it("counts repeats, cache hits and searches that brought nothing", () => {
    const searches = [
      search("a", ["x", "y"]),
      search("The A!", ["y", "x"], { cached: true }),
      search("c", ["y", "z"]),
      search("d", [], { error: "The server does not answer." }),
    ];
    expect(rolloutMetrics(sampleTrajectory({ searches }), [])).toMatchObject({
      searches: 4,
      cacheHits: 1,
      failedSearches: 1,
      documents: 6,
      repeatedDocuments: 3,
      searchesWithoutNews: 1,
      evidenceReached: null,
    });
  });

  it("counts only documents that were written into the transcript", () => {
    const searches = [search("a", ["x", "y"], { insertedHits: 1 }), search("b", ["y"])];
    expect(rolloutMetrics(sampleTrajectory({ searches }), [])).toMatchObject({ documents: 2, repeatedDocuments: 0 });
  });

  it("gives the share of the response that is masked", () => {
    const trajectory = scoredParts([{ prompt: "12345" }, { policy: "123" }, { documents: "1" }]);
    expect(rolloutMetrics(sampleTrajectory(trajectory), []).environmentShare).toBe(0.25);
  });
});

describe("evidenceReached", () => {
  it("looks for a gold answer as whole words in documents only", () => {
    expect(evidenceReached(scoredParts(cleanRollout("(1)It opens at six.\n")), ["At six"])).toBe(true);
    expect(evidenceReached(scoredParts(cleanRollout("(1)It opens at sixteen.\n")), ["at six"])).toBe(false);
  });

  it("says nothing of yes, no and missing gold answers", () => {
    expect(evidenceReached(scoredParts(cleanRollout("yes")), ["yes"])).toBeNull();
    expect(evidenceReached(scoredParts(cleanRollout()), [])).toBeNull();
  });
});

const file = "data/trajectories-r1-searcher/trajectories.jsonl";

describe.skipIf(!hasReference(file))("evidence in the released rollouts", () => {
  it("tells right answers from wrong ones, as the judge saw them", () => {
    const counts = { true: { rows: 0, right: 0 }, false: { rows: 0, right: 0 }, null: { rows: 0, right: 0 } };
    for (const row of referenceRows<{ text: string; answers: string[]; judge: boolean }>(file)) {
      const count = counts[`${evidenceReached(importText(row.text, r1Searcher), row.answers)}`];
      count.rows += 1;
      if (row.judge) count.right += 1;
    }
    expect(counts.null.rows).toBeLessThanOrEqual(40);
    expect(counts.true.right / counts.true.rows).toBeGreaterThan(0.75);
    expect(counts.false.right / counts.false.rows).toBeLessThan(0.2);
  });
});
