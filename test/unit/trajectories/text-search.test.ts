import { expect, test } from "vitest";
import { fold, holds, matchOf, textSearch } from "../../../server/trajectories/text/text-search.ts";

const text = "The José-Observatory's FW-2 wheel: 1.5 turns, then “parked” – see <search> dome </search>.";
const found = (written: string): boolean => holds(textSearch(written)!, [text, "second text"]);

test("words are found in any order, case, accents and punctuation aside; parts of words are not", () => {
  for (const written of ["wheel jose", "JOSÉ", "fw-2", "FW 2", "parked <search>", "1.5", "text dome"])
    expect([written, found(written)]).toEqual([written, true]);
  for (const written of ["heel", "osé", "wheels", "fw-1", "ark"])
    expect([written, found(written)]).toEqual([written, false]);
});

test("words in quotes follow each other, within one text", () => {
  expect(found('"fw 2 wheel"')).toBe(true);
  expect(found('"wheel fw"')).toBe(false);
  expect(found('"search second"')).toBe(false);
  expect(found('"search dome" jose')).toBe(true);
});

test("the last word may be begun while it is written, a short one, one in quotes or one before a space may not", () => {
  expect(found("obse")).toBe(true);
  expect(found("wheel observ")).toBe(true);
  expect(found("observ wheel")).toBe(false);
  expect(found("obs")).toBe(false);
  expect(found('"observ"')).toBe(false);
});

test("what has no word, and scripts without spaces, are looked for as they are written", () => {
  expect(textSearch("  ")).toBeUndefined();
  expect(textSearch("…–")).toEqual({ kind: "literal", text: "…–" });
  expect(holds(textSearch("望遠")!, ["天文台の望遠鏡"])).toBe(true);
});

test("nothing that is written becomes an operator of the index's language", () => {
  const search = textSearch('a AND (b) OR "c* d" NEAR(x) ^y col:z -w');
  expect(search?.kind === "words" && matchOf(search.phrases)).toBe(
    '"a" AND "and" AND "b" AND "or" AND "c d" AND "near x" AND "y" AND "col z" AND "w"',
  );
  expect(fold("ÅNGSTRÖM")).toBe("angstrom");
});
