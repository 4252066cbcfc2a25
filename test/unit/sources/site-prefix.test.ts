import { expect, test } from "vitest";
import fc from "fast-check";
import { pageFile } from "../../../server/sources/site/page-file.ts";
import { parsePrefix, prefixAddress, siteName, within } from "../../../server/sources/site/site-prefix.ts";

test.each([
  ["docs.example.org", "https://docs.example.org/", "docs.example.org"],
  ["https://docs.example.org/guide", "https://docs.example.org/guide/", "docs.example.org/guide"],
  ["https://docs.example.org/en/3.12/", "https://docs.example.org/en/3.12/", "docs.example.org/en/3.12"],
  ["https://docs.example.org/guide/intro.html?x=1#top", "https://docs.example.org/guide/", "docs.example.org/guide"],
  [" HTTP://Docs.Example.org:80/a/../b ", "http://docs.example.org/b/", "docs.example.org/b"],
  ["http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x/", "127.0.0.1:8000/x"],
])("%s means %s", (typed, address, name) => {
  const reading = parsePrefix(typed);
  expect(reading).toMatchObject({ ok: true });
  if (!reading.ok) return;
  expect(prefixAddress(reading.prefix)).toBe(address);
  expect(siteName(reading.prefix)).toBe(name);
});

test.each([
  "",
  "  ",
  "ftp://example.org/",
  "file:///etc/",
  "https://user:secret@example.org/",
  "https://",
  "https://a/%2fb",
  "javascript://x",
])("%j is no site that is fetched", (typed) =>
  expect(parsePrefix(typed)).toMatchObject({ ok: false, reason: expect.stringMatching(/\.$/) as string }),
);

const prefix = { origin: "https://docs.example.org", path: "/guide/", start: "https://docs.example.org/guide/" };

test.each([
  ["https://docs.example.org/guide/a.html#part", "https://docs.example.org/guide/a.html"],
  ["a/b.html?x=1", "https://docs.example.org/guide/a/b.html?x=1"],
  ["../guide/c", "https://docs.example.org/guide/c"],
  ["https://docs.example.org/guide", "https://docs.example.org/guide"],
  ["?", "https://docs.example.org/guide/"],
])("%s is within", (link, address) => expect(within(prefix, link, prefix.start)).toBe(address));

test.each([
  "../other/",
  "/",
  "/guidebook/",
  "//docs.example.org.evil.example/guide/",
  "http://docs.example.org/guide/",
  "https://docs.example.org:8443/guide/",
  "https://user@docs.example.org/guide/",
  "%2e%2e/x",
  "a/%2e%2e/%2e%2e/x",
  "..%2fx",
  "..\\x",
  "..%5Cx",
  "mailto:x@example.org",
  "javascript:x",
  "data:text/html,x",
  "https://[",
])("%s is not within", (link) => expect(within(prefix, link, prefix.start)).toBeUndefined());

test("whatever a page links to, what is within has the prefix's origin and path, and is within again as it is", () => {
  const piece = fc.constantFrom(
    "..",
    ".",
    "/",
    "//",
    "%2e",
    "%2f",
    "\\",
    "guide",
    "a",
    "?",
    "#",
    ":",
    "@",
    "docs.example.org",
    "https:",
    "é",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const address = within(prefix, pieces.join(""), prefix.start);
      if (address === undefined) return;
      const url = new URL(address);
      expect(url.origin).toBe(prefix.origin);
      expect(`${url.pathname}/`.startsWith(prefix.path)).toBe(true);
      expect(decodeURIComponent(url.pathname).split(/[\\/]/)).not.toContain("..");
      expect(within(prefix, address)).toBe(address);
    }),
    { numRuns: 2000 },
  );
});

test("every address has a file name of its own that no system minds", () => {
  const names = new Map<string, string>();
  fc.assert(
    fc.property(fc.webPath(), fc.webQueryParameters(), (path, query) => {
      const address = new URL(`https://docs.example.org${path}?${query}`).href;
      const name = pageFile(address, ".html");
      expect(name).toMatch(/^[a-z0-9-]{1,60}\.[0-9a-f]{10}\.html$/);
      expect(names.get(name) ?? address).toBe(address);
      names.set(name, address);
    }),
  );
});
