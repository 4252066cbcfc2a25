import fc from "fast-check";
import { expect, test } from "vitest";
import { Holdings } from "../../../server/index/holdings.ts";
import { spareVectors } from "../../../server/index/maintain-store.ts";
import type { ManifestFile } from "../../../server/index/manifest.ts";

const fileOf = (...hashes: string[]): ManifestFile => ({
  hash: "content",
  size: 1,
  modified: 1,
  ids: hashes.map((hash, at) => `${hash}-${at}`),
  texts: hashes,
});

test("vectors without a passage, and passages without a vector, are told apart from the others, longest without one first, whatever happens", async () => {
  const hash = fc.constantFrom("a", "b", "c", "d", "e", "f");
  const path = fc.constantFrom("one.md", "two.md", "three.md");
  const step = fc.oneof(
    fc.record({ kind: fc.constant("set" as const), path, hashes: fc.array(hash, { maxLength: 4 }) }),
    fc.record({ kind: fc.constant("gone" as const), path }),
    fc.record({ kind: fc.constant("made" as const), hashes: fc.array(hash, { maxLength: 3 }) }),
    fc.record({ kind: fc.constant("dropped" as const), hashes: fc.array(hash, { maxLength: 2 }) }),
    fc.record({ kind: fc.constant("adopted" as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const holdings = new Holdings();
      for (const each of steps) {
        if (each.kind === "set") holdings.apply({ set: new Map([[each.path, fileOf(...each.hashes)]]), gone: [] });
        else if (each.kind === "gone") holdings.apply({ set: new Map(), gone: [each.path] });
        else if (each.kind === "made") holdings.addVectors(each.hashes);
        else if (each.kind === "dropped") holdings.dropVectors(each.hashes);
        else {
          holdings.become(await Holdings.of(new Map(holdings.files), new Set(holdings.vectors)));
        }
        const used = [...holdings.files.values()].flatMap(({ texts }) => texts);
        const without = [...holdings.vectors].filter((key) => !used.includes(key));
        expect([...holdings.unused].toSorted()).toEqual(without.toSorted());
        const bare = new Set(used.filter((key) => !holdings.vectors.has(key)));
        expect([...holdings.missing].toSorted()).toEqual([...bare].toSorted());
        expect(holdings.missing.size).toBe(bare.size);
        for (const key of new Set(used))
          expect(holdings.passagesOfHash(key)).toHaveLength(used.filter((each) => each === key).length);
        expect(holdings.counts()).toEqual({
          total: used.length,
          done: used.filter((key) => holdings.vectors.has(key)).length,
        });
      }
    }),
  );
});

test("of a text's vectors that come and go, the one that left last is the last to be dropped", () => {
  const holdings = new Holdings();
  holdings.apply({ set: new Map([["one.md", fileOf("a", "b")]]), gone: [] });
  holdings.addVectors(["a", "b"]);
  holdings.apply({ set: new Map([["one.md", fileOf("b")]]), gone: [] });
  holdings.apply({ set: new Map([["one.md", fileOf("a")]]), gone: [] });
  holdings.apply({ set: new Map(), gone: ["one.md"] });
  expect([...holdings.unused]).toEqual(["b", "a"]);
});

test("vectors of texts that are gone stay for a branch that comes back, up to half of the passages, then the oldest go", () => {
  const named = (count: number) => new Set(Array.from({ length: count }, (_, at) => `h${at}`));
  expect(spareVectors(named(2_000), 10)).toEqual([]);
  expect(spareVectors(named(50_000), 100_000)).toEqual([]);
  const gone = spareVectors(named(50_001), 100_000);
  expect(gone).toHaveLength(10_001);
  expect(gone[0]).toBe("h0");
  expect(gone.at(-1)).toBe("h10000");
});
