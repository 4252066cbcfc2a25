import { expect, test } from "vitest";
import { cachedEncoding } from "../../../server/models/encoding-cache.ts";

test("texts are encoded once while they are held; the one asked for longest ago goes first, and a long one is not held", () => {
  const encoded: string[] = [];
  const encode = cachedEncoding((text) => {
    encoded.push(text);
    return [...text].map((character) => character.charCodeAt(0));
  }, 10);
  for (const text of ["aaaa", "bbbb", "aaaa", "bbbb"]) expect(encode(text)).toHaveLength(4);
  expect(encoded).toEqual(["aaaa", "bbbb"]);
  encode("aaaa");
  encode("cccc");
  expect(encode("aaaa")).toEqual([97, 97, 97, 97]);
  expect(encoded).toEqual(["aaaa", "bbbb", "cccc"]);
  encode("bbbb");
  expect(encoded).toEqual(["aaaa", "bbbb", "cccc", "bbbb"]);
  for (let asked = 0; asked < 2; asked++) encode("dddddddd");
  expect(encoded.filter((text) => text === "dddddddd")).toHaveLength(2);
  encode("aaaa");
  expect(encoded.filter((text) => text === "aaaa")).toHaveLength(1);
});
