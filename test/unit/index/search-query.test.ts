import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Passage } from "../../../protocol/passage.ts";
import { admits, filterSql } from "../../../server/index/search-filter.ts";
import { parseQuery } from "../../../server/index/search-query.ts";

describe("the forms of a query", () => {
  test.each([
    ["dome heating", { text: "dome heating", phrases: [], filters: [] }],
    ['"dome heating" winter', { text: "dome heating winter", phrases: ["dome heating"], filters: [] }],
    ["„Kuppel heizen“ Winter", { text: "Kuppel heizen Winter", phrases: ["Kuppel heizen"], filters: [] }],
    [
      "valve path:guide/ kind:md",
      {
        text: "valve",
        phrases: [],
        filters: [
          { field: "path", value: "guide/", not: false },
          { field: "kind", value: "markdown", not: false },
        ],
      },
    ],
    [
      '-path:"old notes/" LANG:German valve',
      {
        text: "valve",
        phrases: [],
        filters: [
          { field: "path", value: "old notes/", not: true },
          { field: "lang", value: "de", not: false },
        ],
      },
    ],
    ["kind:unheard valve", { text: "kind:unheard valve", phrases: [], filters: [] }],
    ["see http://path:80/ or mypath:x", { text: "see http://path:80/ or mypath:x", phrases: [], filters: [] }],
    // Prose sets off a name with quotation marks and does not ask that each passage holds it.
    ['Who wrote "Élan"?', { text: 'Who wrote "Élan"?', phrases: [], filters: [] }],
    ['an unclosed "quote', { text: 'an unclosed "quote', phrases: [], filters: [] }],
    ['"" " " "?!"', { text: '"" " " "?!"', phrases: [], filters: [] }],
  ])("%s", (query, expected) => expect(parseQuery(query)).toEqual(expected));

  test("any text is a query, and reading what is left of it finds no further form", () => {
    fc.assert(
      fc.property(fc.string(), (query) => {
        const { text, filters } = parseQuery(query);
        expect(text.length).toBeLessThanOrEqual(query.length);
        if (filters.length === 0) expect(parseQuery(text).filters).toEqual([]);
      }),
    );
  });
});

const passage = (path: string, text = "", language?: string): Passage => ({
  id: path,
  title: "",
  text,
  place: { folder: "f", path, startLine: 1, endLine: 1, headings: [], contentHash: "h" },
  ...(language ? { language } : {}),
});
const found = (query: string, ...passages: Passage[]): string[] =>
  passages.filter((each) => admits(each, parseQuery(query))).map(({ id }) => id);

describe("filters", () => {
  const all = ["guide/dome.md", "guide/Valve.MDX", "src/dome.ts", "old/guide/dome.pdf", "notes"].map((path) =>
    passage(path),
  );
  test.each([
    ["path:guide/", ["guide/dome.md", "guide/Valve.MDX", "old/guide/dome.pdf"]],
    ["path:/guide/", ["guide/dome.md", "guide/Valve.MDX"]],
    ["path:*.md", ["guide/dome.md"]],
    ["path:guide/*.md*", ["guide/dome.md", "guide/Valve.MDX"]],
    ["path:valve", ["guide/Valve.MDX"]],
    ["-path:guide", ["src/dome.ts", "notes"]],
    ["kind:markdown", ["guide/dome.md", "guide/Valve.MDX"]],
    ["kind:code", ["src/dome.ts"]],
    ["kind:code path:guide", []],
    ["lang:ts", ["src/dome.ts"]],
    ["-kind:pdf -kind:md", ["src/dome.ts", "notes"]],
  ])("%s", (query, expected) => expect(found(query, ...all)).toEqual(expected));

  test("a passage's own language counts", () => {
    expect(found("lang:de", passage("a.md", "", "de"), passage("b.md", "", "en"), passage("c.md"))).toEqual(["a.md"]);
  });
  test.each(["constructor", "__proto__", "toString", "hasOwnProperty"])(
    "a filter that is named like what every object has is a name like any other: %s",
    (name) => {
      expect(filterSql(parseQuery(`dome lang:${name}`).filters)).toBe(`lang = '${name.toLowerCase()}'`);
      expect(parseQuery(`dome kind:${name}`)).toMatchObject({ text: `dome kind:${name}`, filters: [] });
      expect(found("kind:text", passage(`a.${name}`))).toEqual([`a.${name}`]);
      expect(found(`lang:${name}`, passage(`a.${name}`))).toEqual([]);
    },
  );

  test("a phrase is whole words in order", () => {
    const texts = ["the north-dome, heated", "north domes", "dome north", "the North\nDome"];
    expect(found('"north dome"', ...texts.map((text, at) => passage(`${at}`, text)))).toEqual(["0", "3"]);
  });
  test("quotes and wildcards of a path are text in LanceDB's language", () => {
    const sql = filterSql([{ field: "path", value: "it's 100%_a*\\b", not: false }]);
    expect(sql).toBe("lower(path) LIKE '%it''s 100\\%\\_a%/b' ESCAPE '\\'");
  });
});
