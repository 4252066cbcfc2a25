import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Passage, SearchMode } from "../../../protocol/passage.ts";
import { type PassageIndex, openPassageIndex } from "../../../server/index/passage-index.ts";
import { countingEmbedder } from "../../fixtures/counting-embedder.ts";

const signal = new AbortController().signal;
let home: string;
let index: PassageIndex;

const passage = (path: string, title: string, text: string, language?: string): Passage => ({
  id: path,
  title,
  text,
  place: { folder: "f", path, startLine: 1, endLine: 3, headings: [title], contentHash: "h" },
  ...(language ? { language } : {}),
});

const passages = [
  passage("guide/dome.md", "Dome", "The north dome is heated from four in the afternoon on, so that no ice forms."),
  passage("guide/shutter.md", "Shutter › Dome heating", "It is opened by hand. A heated rail keeps ice from it."),
  passage("guide/valve.md", "Valve", "Close the valve before the heated line of the dome to the north is opened."),
  passage("src/shutter.ts", "shutter.ts", "/** Lifts the cover. */ export function openShutterSlowly(): void {}"),
  passage("old/it's 100%.txt", "Notes", "The Quasar log of 1998, kept with the observatory's papers."),
  passage("de/kuppel.md", "Kuppel", "Die Kuppel wird ab vier Uhr am Nachmittag geheizt.", "de"),
  passage("zh/search.md", "检索", "我们使用向量数据库进行全文检索，结果按分数排列。"),
  passage("ja/dome.md", "ドーム", "北のドームは午後四時から暖房されます。"),
  passage("ko/dome.md", "돔", "데이터베이스를 검색합니다. 북쪽 돔은 네 시부터 난방합니다."),
];

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "searchlight-search-"));
  index = await openPassageIndex(home, passages, { embedder: countingEmbedder() });
});
afterAll(() => {
  index.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

const search = (query: string, mode: SearchMode = "words") => index.search(query, 10, mode, signal);
const paths = async (query: string, mode: SearchMode = "words"): Promise<string[]> =>
  (await search(query, mode)).map((hit) => hit.passage.id);

describe("search by words", () => {
  test("counts a page's name and headings for more than its text", async () => {
    expect((await paths("dome")).slice(0, 2)).toEqual(["guide/dome.md", "guide/shutter.md"]);
    expect((await paths("dome heating"))[0]).toBe("guide/shutter.md");
  });
  test("finds parts of identifiers", async () => {
    expect(await paths("slowly")).toEqual(["src/shutter.ts"]);
  });
  test.each([
    ["数据库检索", "zh/search.md"],
    ["检索", "zh/search.md"],
    ["向量", "zh/search.md"],
    ["ドームの暖房", "ja/dome.md"],
    ["데이터베이스", "ko/dome.md"],
    ["난방", "ko/dome.md"],
  ])("finds text without spaces and words with endings: %s", async (query, path) => {
    expect((await paths(query))[0]).toBe(path);
  });
});

describe("the forms of a query", () => {
  test.each(["words", "vectors", "hybrid"] as const)("a phrase must be there, word for word, by %s", async (mode) => {
    expect(await paths('"north dome" ice', mode)).toEqual(["guide/dome.md"]);
    const [hit] = await search('"north dome" ice', mode);
    expect(hit!.matched).toEqual(['"north dome"', "north", "dome", "ice"]);
  });
  test("a phrase that is nowhere is searched as words", async () => {
    expect((await paths('"dome north ice"')).toSorted()).toContain("guide/dome.md");
  });
  test.each(["words", "vectors", "hybrid"] as const)("filters hold for each hit by %s", async (mode) => {
    expect(await paths("heated dome path:guide/ -path:valve", mode)).toEqual(
      expect.arrayContaining(["guide/dome.md", "guide/shutter.md"]),
    );
    expect((await paths("heated dome path:guide/ -path:valve", mode)).length).toBe(2);
    expect(await paths("shutter kind:code", mode)).toEqual(["src/shutter.ts"]);
    expect(await paths("kuppel lang:de", mode)).toEqual(["de/kuppel.md"]);
    expect(await paths("dome path:nowhere/", mode)).toEqual([]);
  });
  test("filters alone list what they admit", async () => {
    expect((await paths("kind:md path:guide", "hybrid")).toSorted()).toEqual([
      "guide/dome.md",
      "guide/shutter.md",
      "guide/valve.md",
    ]);
  });
  test("marks of LanceDB's language in a path or phrase are text", async () => {
    expect(await paths(`log path:"it's 100%"`, "hybrid")).toEqual(["old/it's 100%.txt"]);
    expect(await paths('log path:"it_s"', "hybrid")).toEqual([]);
    await expect(search(`"';--" path:') OR 1=1`, "hybrid")).resolves.toBeDefined();
  });
});

test("a text that stands in many places has one vector, and takes one place of a list", async () => {
  const text =
    "The heliostat turns with the sun from dawn to dusk and is locked by hand when the wind is above forty knots.";
  const copies = ["a", "b", "c"].map((name) => passage(`${name}.md`, "Heliostat", text));
  const others = Array.from({ length: 8 }, (_, at) =>
    passage(`o${at}.md`, `Other ${at}`, `The heliostat and the mirror number ${at} of it.`),
  );
  const folder = mkdtempSync(join(tmpdir(), "searchlight-copies-"));
  const embedder = countingEmbedder();
  const many = await openPassageIndex(folder, [...copies, ...others], { embedder });
  try {
    expect(embedder.embedded).toHaveLength(9);
    const hits = await many.search("heliostat mirror", 11, "vectors", signal);
    expect(hits).toHaveLength(9);
    expect(hits.map(({ vectors }) => vectors!.rank)).toEqual(
      hits.map(({ vectors }) => vectors!.rank).toSorted((a, b) => a - b),
    );
    expect(hits.find(({ copies: places }) => places)!.copies).toHaveLength(2);
  } finally {
    many.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

test("each hit of both legs says what each of them adds to its score", async () => {
  const hits = await search("heated dome", "hybrid");
  expect(hits.length).toBeGreaterThan(3);
  for (const { score, words, vectors, repetition = 1 } of hits)
    expect(score).toBeCloseTo(((words?.part ?? 0) + (vectors?.part ?? 0)) * repetition, 9);
  expect(hits.map(({ rank }) => rank)).toEqual(hits.map((_, at) => at + 1));
});
