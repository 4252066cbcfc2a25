import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { HashMap, HashQueue } from "../../../server/index/many-hashes.ts";

const hashOf = (number: number): string => createHash("sha256").update(String(number)).digest("hex").slice(0, 24);

test("a map of hashes holds what a map holds", () => {
  const key = fc.oneof(fc.nat({ max: 40 }).map(hashOf), fc.constantFrom("", "a", "b", "ab"));
  const step = fc.record({ key, value: fc.option(fc.nat()) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const [map, expected] = [new HashMap<number>(), new Map<string, number>()];
      for (const { key: hash, value } of steps) {
        if (value === null) expect(map.delete(hash)).toBe(expected.delete(hash));
        else [map, expected].forEach((each) => each.set(hash, value));
        expect([map.has(hash), map.get(hash)]).toEqual([expected.has(hash), expected.get(hash)]);
      }
      for (const { key: hash } of steps) expect(map.get(hash)).toBe(expected.get(hash));
    }),
  );
});

test("no part of a map of hashes is much larger than the others", () => {
  const counts = new Map<unknown, number>();
  const { set } = Map.prototype;
  Map.prototype.set = function counted(key: unknown, value: unknown) {
    if (this !== counts) set.call(counts, this, (counts.get(this) ?? 0) + 1);
    return set.call(this, key, value);
  };
  try {
    const map = new HashMap<true>();
    for (let at = 0; at < 100_000; at++) map.set(hashOf(at), true);
  } finally {
    Map.prototype.set = set;
  }
  const sizes = [...counts.values()].filter((size) => size > 1);
  expect(sizes).toHaveLength(256);
  expect(Math.max(...sizes)).toBeLessThan((2 * 100_000) / 256);
});

test("a queue keeps the order over its stretches, and what is taken away while it is read is met once or not at all", () => {
  const queue = new HashQueue();
  const all = Array.from({ length: 150_000 }, (_, at) => `h${at}`);
  for (const hash of all) queue.add(hash);
  expect(queue.size).toBe(all.length);
  const met: string[] = [];
  for (const hash of queue) {
    met.push(hash);
    queue.delete(hash);
    queue.delete(`h${all.length - met.length}`);
  }
  expect(met).toEqual(all.slice(0, all.length / 2));
  expect([queue.size, [...queue]]).toEqual([0, []]);
  queue.add("again");
  queue.delete("never there");
  expect([...queue]).toEqual(["again"]);
  expect(queue.size).toBe(1);
});
