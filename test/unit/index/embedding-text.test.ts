import { expect, test } from "vitest";
import { embeddingText } from "../../../server/index/embedding-text.ts";

const at = (path: string) => ({
  folder: "f",
  path,
  startLine: 1,
  endLine: 1,
  headings: [],
  contentHash: "h",
});

test.each([
  ["Dome", "guide/dome.md", "Dome\ntext"],
  ["dome.md", "guide/dome.md", "text"],
  ["dome.md › Heating", "guide/dome.md", "Heating\ntext"],
  ["dome.md and others", "guide/dome.md", "dome.md and others\ntext"],
  ["", "guide/dome.md", "text"],
])("a title says what a text is of, a file's name does not: %s", (title, path, embedded) => {
  expect(embeddingText({ title, text: "text", place: at(path) })).toBe(embedded);
});

test("a passage without a file keeps its title", () => {
  expect(embeddingText({ title: "dome.md", text: "text" })).toBe("dome.md\ntext");
});
