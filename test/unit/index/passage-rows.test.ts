import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { passageOf, rowOf } from "../../../server/index/passage-rows.ts";
import { characterPairs, contentWords, matchedWords, splitIdentifiers } from "../../../server/index/query-words.ts";

describe("rows of passages", () => {
  test("give back the passage, whatever its title and text hold", () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constant("\u001e a › b \u001e"));
    fc.assert(
      fc.property(
        text,
        text,
        fc.option(fc.constantFrom("en", "python"), { nil: undefined }),
        (title, body, language) => {
          const passage = { id: "p", title, text: body, ...(language ? { language } : {}) };
          expect(passageOf(rowOf(passage))).toEqual(passage);
        },
      ),
    );
  });

  test("write fields before the text as often as they weigh", () => {
    const { words } = rowOf({ id: "p", title: "Dome › Heating", text: "call openShutter first" });
    expect(words).toBe("Dome\nDome\nDome\nDome\nHeating\nHeating\nopen shutter\n\u001e\ncall openShutter first");
  });

  test("know kind and language by the file", () => {
    const place = { folder: "f", path: "a/B.PY", startLine: 1, endLine: 1, headings: [], contentHash: "h" };
    expect(rowOf({ id: "p", title: "", text: "", place })).toMatchObject({
      path: "a/B.PY",
      kind: "code",
      lang: "python",
    });
  });
});

describe("words", () => {
  test("of text without spaces are cut, and pairs are the same in any company", () => {
    expect(contentWords("数据库检索")).toEqual(["数据", "库", "检索"]);
    expect(characterPairs("a 東京都 b 図")).toBe("東京 京都 図");
    expect(characterPairs("데이터를 찾다")).toBe("데이 이터 터를 찾다");
    expect(characterPairs("plain words")).toBe("");
  });
  test("are made of every character of these scripts, wherever Unicode has it", () => {
    const script = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
    const unpaired: string[] = [];
    for (let code = 0x80; code < 0x40000; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const character = String.fromCodePoint(code);
      if (script.test(character) && characterPairs(`${character}${character}`) === "") unpaired.push(code.toString(16));
    }
    expect(unpaired).toEqual([]);
  });
  test("of identifiers are split", () => {
    expect(splitIdentifiers("getUserById get_user_by_id HTTPServer2 plain")).toBe("get user by id http server");
  });
  test("match by stem, as they stand in the query", () => {
    expect(matchedWords("How are domes heated", "Heating the dome")).toEqual(["domes", "heated"]);
    expect(matchedWords("检索", "我们使用向量数据库进行全文检索")).toEqual(["检索"]);
    expect(matchedWords("데이터베이스 돔 art", "데이터베이스에 기록을 party")).toEqual(["데이터베이스"]);
  });
});
