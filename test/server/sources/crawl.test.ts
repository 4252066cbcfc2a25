import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SiteProgress } from "../../../protocol/documents.ts";
import { readBytes } from "../../../server/documents/read-bytes.ts";
import { readDocument } from "../../../server/documents/read-document.ts";
import { type CrawlOptions, crawl } from "../../../server/sources/site/crawl.ts";
import { siteFetch } from "../../../server/sources/site/site-fetch.ts";
import { type Site, keepSite } from "../../../server/sources/site/site-home.ts";
import { parsePrefix } from "../../../server/sources/site/site-prefix.ts";
import { siteProgress } from "../../../server/sources/site/site-progress.ts";
import { pdfOf } from "../../fixtures/book-files.ts";
import { type Answer, docSite, page } from "../../fixtures/doc-site.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "searchlight-site-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

function siteAt(address: string, pages = 50): Site {
  const reading = parsePrefix(address);
  if (!reading.ok) throw new Error(reading.reason);
  return keepSite(reading.prefix, { pages, paused: false }, root);
}

function run(site: Site, options: Partial<CrawlOptions> = {}) {
  return crawl(site, {
    fetch: siteFetch(),
    signal: new AbortController().signal,
    version: "1.0",
    secondsBetween: 0,
    ...options,
  });
}

const copies = (site: Site): string[] => readdirSync(site.folder.path).sort();
const copyOf = (site: Site, name: RegExp): string =>
  readFileSync(
    join(
      site.folder.path,
      copies(site).find((each) => name.test(each))!,
    ),
    "utf8",
  );
const leftOut = (site: Site): Record<string, string> =>
  Object.fromEntries(siteProgress(site).leftOutPages.map(({ path, reason }) => [new URL(path).pathname, reason]));

/** `/docs/` with two pages below it, and links that lead elsewhere. */
const small: Record<string, Answer> = {
  "/robots.txt": { headers: { "content-type": "text/plain" }, body: "User-agent: *\nDisallow: /docs/private/\n" },
  "/docs/": `<h1>Start</h1><p>The dome opens at dusk.</p>
    <a href="guide.html">guide</a> <a href="deep/er.html#part">deeper</a> <a href="private/x.html">private</a>
    <a href="/blog/">off the prefix</a> <a href="../docs2/">another</a> <a href="https://elsewhere.example/docs/">other host</a>
    <a href="mailto:a@example.org">mail</a> <a href="javascript:alert(1)">script</a> <a href="%2e%2e/secret.html">up</a>
    <a href="a%2f..%2f..%2fsecret.html">disguised</a>`,
  "/docs/guide.html": `<h1>Guide</h1><p>Open the shutter slowly.</p><a href="./">back</a><a href="deep/er.html">on</a>`,
  "/docs/deep/er.html": `<h1>Deeper</h1><p>The spectrograph cools for an hour.</p>`,
  "/docs/private/x.html": `<p>Not for robots.</p>`,
  "/blog/": `<p>Not below the address.</p>`,
  "/secret.html": `<p>Not below the address either.</p>`,
};

describe("a site", () => {
  test("is fetched below its prefix alone, as its robots.txt lets it be, each page once", async () => {
    await using server = await docSite(small);
    const site = siteAt(`${server.origin}/docs/`);
    expect(await run(site)).toMatchObject({ kind: "done" });
    expect(server.paths()).toEqual(["/robots.txt", "/docs/", "/docs/guide.html", "/docs/deep/er.html"]);
    expect(server.asked.every(({ headers }) => headers["user-agent"] === "searchlight/1.0")).toBe(true);
    expect(
      server.asked.every(({ headers }) => headers.cookie === undefined && headers.authorization === undefined),
    ).toBe(true);
    expect(siteProgress(site)).toMatchObject({ state: "done", pages: 3, queued: 0, leftOut: 1 });
    expect(leftOut(site)).toEqual({ "/docs/private/x.html": "robots.txt lets it not be fetched" });
    expect(copies(site)).toHaveLength(3);
  });

  test("keeps a copy that is read as a document whose title is the page's address", async () => {
    await using server = await docSite(small);
    const site = siteAt(`${server.origin}/docs/`);
    await run(site);
    const name = copies(site).find((each) => each.startsWith("docs-guide."))!;
    const reading = await readDocument(name, await readBytes(join(site.folder.path, name)));
    expect(reading).toMatchObject({ ok: true, document: { title: `${server.origin}/docs/guide.html` } });
    expect(JSON.stringify(reading)).toContain("Open the shutter slowly.");
    expect(JSON.stringify(reading)).not.toContain("Title of the site");
  });

  test("that wants a pause between two pages gets it", async () => {
    await using server = await docSite({
      ...small,
      "/robots.txt": { body: "User-agent: searchlight\nCrawl-delay: 0.3\n" },
    });
    // When a request leaves, which no load of the machine moves closer to the one before.
    const asked: number[] = [];
    const fetch = siteFetch();
    await run(siteAt(`${server.origin}/docs/`), {
      secondsBetween: 0.05,
      fetch: (...request) => (asked.push(performance.now()), fetch(...request)),
    });
    const times = asked.slice(1);
    // Four pages, and two places of a map that is not there.
    expect(times).toHaveLength(6);
    for (const [index, at] of times.slice(1).entries()) expect(at - times[index]!).toBeGreaterThan(290);
  });

  test.each([
    ["answers robots.txt with an error", { status: 503 }, "answered 503"],
    [
      "leads robots.txt to another host",
      { status: 301, headers: { location: "http://elsewhere.example/robots.txt" } },
      "elsewhere.example",
    ],
    ["wants minutes between two pages", { body: "User-agent: *\nCrawl-delay: 600\n" }, "600 s"],
    ["lets nothing be fetched", { body: "User-agent: *\nDisallow: /\n" }, ""],
  ] satisfies [string, Answer, string][])("that %s is left alone", async (_, robots, reason) => {
    await using server = await docSite({ ...small, "/robots.txt": robots });
    const site = siteAt(`${server.origin}/docs/`);
    await run(site);
    expect(server.paths()).toEqual(["/robots.txt"]);
    expect(copies(site)).toEqual([]);
    expect(siteProgress(site).reason).toContain(reason);
  });

  test("without a robots.txt may be fetched", async () => {
    const { "/robots.txt": _, ...rest } = small;
    await using server = await docSite(rest);
    const site = siteAt(`${server.origin}/docs/`);
    await run(site);
    expect(siteProgress(site)).toMatchObject({ state: "done", pages: 4 });
  });

  test("is fetched up to its limit of pages", async () => {
    const many = Array.from({ length: 30 }, (_, at) => `<a href="p${at}.html">p</a>`).join("");
    const pages = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`/docs/p${at}.html`, `<p>Page ${at}</p>`]));
    await using server = await docSite({ "/docs/": `<p>Start</p>${many}`, ...pages });
    const site = siteAt(`${server.origin}/docs/`, 5);
    await run(site);
    expect(server.paths().filter((path) => path.startsWith("/docs/"))).toHaveLength(5);
    expect(siteProgress(site)).toMatchObject({
      state: "done",
      pages: 5,
      reason: expect.stringContaining("limit of 5 pages") as string,
    });
  });

  test("that makes up addresses without end is given up after a bounded number of requests", async () => {
    let asked = 0;
    const trap: Answer = (_, response) => {
      asked++;
      // Each page is new, refuses to be kept, and links to two more.
      const body = page(
        `<meta name="robots" content="noindex"><p>${asked}</p><a href="/docs/${asked}a/">a</a><a href="/docs/${asked}b/">b</a>`,
      );
      response.writeHead(200, { "content-type": "text/html" }).end(body);
    };
    const pages = new Proxy<Record<string, Answer>>(
      {},
      { get: (_, path) => (path === "/robots.txt" ? undefined : trap) },
    );
    await using server = await docSite({});
    Object.setPrototypeOf(server.pages, pages);
    const site = siteAt(`${server.origin}/docs/`, 4);
    expect(await run(site)).toMatchObject({ kind: "done", reason: expect.stringContaining("20 requests") as string });
    expect(asked).toBe(20);
  });
});

describe("a site's map", () => {
  const map = (addresses: readonly string[]): Answer => ({
    headers: { "content-type": "application/xml" },
    body: `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${addresses
      .map((address) => `<url><loc>${address}</loc><lastmod>2024-01-01</lastmod></url>`)
      .join("")}</urlset>`,
  });

  test("leads to pages below the prefix that nothing links to, after those that are linked", async () => {
    await using server = await docSite(small);
    server.pages["/docs/alone.html"] = "<h1>Alone</h1><p>Nobody links here.</p>";
    server.pages["/sitemap.xml"] = map(
      ["/docs/alone.html", "/docs/guide.html", "/docs/private/y.html", "/blog/", "//elsewhere.example/docs/"].map(
        (path) => `${path.startsWith("//") ? "http:" : server.origin}${path}`,
      ),
    );
    const site = siteAt(`${server.origin}/docs/`);
    await run(site);
    expect(server.paths().at(-1)).toBe("/docs/alone.html");
    expect(server.paths()).not.toContain("/blog/");
    expect(siteProgress(site)).toMatchObject({ state: "done", pages: 4 });
    expect(leftOut(site)["/docs/private/y.html"]).toContain("robots.txt");
  });

  test("is where robots.txt says, also packed and in parts, and never on another host", async () => {
    await using server = await docSite({
      "/docs/": "<p>Start</p>",
      "/docs/one.html": "<p>One.</p>",
      "/docs/two.html": "<p>Two.</p>",
    });
    server.pages["/robots.txt"] = {
      body: `User-agent: *\nAllow: /\nSitemap: ${server.origin}/maps/all.xml\nSitemap: http://elsewhere.example/map.xml\n`,
    };
    const part = (path: string): string => `<sitemap><loc>${server.origin}${path}</loc></sitemap>`;
    server.pages["/maps/all.xml"] = {
      body: `<sitemapindex>${part("/maps/a.xml.gz")}${part("/maps/b.txt")}${part("/maps/all.xml")}</sitemapindex>`,
    };
    const { body } = map([`${server.origin}/docs/one.html`]) as { body: string };
    server.pages["/maps/a.xml.gz"] = { headers: { "content-type": "application/gzip" }, body: gzipSync(body) };
    server.pages["/maps/b.txt"] = { body: `${server.origin}/docs/two.html\n` };
    const site = siteAt(`${server.origin}/docs/`);
    expect(await run(site)).toMatchObject({ kind: "done" });
    expect(siteProgress(site)).toMatchObject({ state: "done", pages: 3 });
    expect(server.asked.map(({ path }) => path)).not.toContain("/sitemap.xml");
  });

  test("is not asked for once the limit of pages is reached, and fills no more than the limit", async () => {
    await using server = await docSite({ "/docs/": "<p>Start</p>" });
    for (let at = 0; at < 30; at++) server.pages[`/docs/p${at}.html`] = `<p>Page ${at}</p>`;
    server.pages["/docs/sitemap.xml"] = map(Array.from({ length: 30 }, (_, at) => `${server.origin}/docs/p${at}.html`));
    const few = siteAt(`${server.origin}/docs/`, 1);
    await run(few);
    expect(server.asked.map(({ path }) => path)).toEqual(["/robots.txt", "/docs/"]);
    const site = siteAt(`${server.origin}/docs/`, 7);
    await run(site);
    expect(siteProgress(site)).toMatchObject({ state: "done", pages: 7 });
  });

  test("that is cut off goes on with what it listed, without asking again", async () => {
    await using server = await docSite({ "/docs/": "<p>Start</p>" });
    for (let at = 0; at < 6; at++) server.pages[`/docs/p${at}.html`] = `<p>Page ${at}</p>`;
    server.pages["/docs/sitemap.xml"] = map(Array.from({ length: 6 }, (_, at) => `${server.origin}/docs/p${at}.html`));
    const site = siteAt(`${server.origin}/docs/`);
    const controller = new AbortController();
    server.pages["/docs/p3.html"] = () => controller.abort();
    await expect(run(site, { signal: controller.signal })).rejects.toThrow();
    server.pages["/docs/p3.html"] = "<p>Page 3</p>";
    expect(await run(site)).toMatchObject({ kind: "done" });
    expect(siteProgress(site)).toMatchObject({ state: "done", pages: 7 });
    expect(server.asked.filter(({ path }) => path === "/docs/sitemap.xml")).toHaveLength(1);
  });

  test.each([
    ["is no XML", "just text"],
    ["is cut in the middle", "<urlset><url><loc>http://127.0.0.1/docs/x"],
    ["expands its own entities", '<!DOCTYPE a [<!ENTITY b "bbbb">]><urlset><url><loc>&b;&b;</loc></url></urlset>'],
    ["is packed a thousand times over", gzipSync(Buffer.alloc(20 * 2 ** 20))],
  ])("that %s lists nothing, and the fetching ends well", async (_, body) => {
    await using server = await docSite({ ...small, "/sitemap.xml": { body } });
    const site = siteAt(`${server.origin}/docs/`);
    expect(await run(site)).toMatchObject({ kind: "done" });
    expect(siteProgress(site)).toMatchObject({ state: "done", pages: 3 });
  });
});

test("a PDF of a site is kept as it came and read as any PDF, with its pages", async () => {
  const book = await pdfOf([
    [{ text: "Manual of the dome", size: 22 }],
    [{ text: "Grease the shutter chain in May." }],
  ]);
  await using server = await docSite({
    "/docs/": `<p>Start</p><a href="manual.pdf">manual</a><a href="false.pdf">no PDF</a>`,
    "/docs/manual.pdf": { headers: { "content-type": "application/pdf" }, body: book },
    "/docs/false.pdf": { headers: { "content-type": "application/pdf" }, body: "<p>Please sign in</p>" },
  });
  const site = siteAt(`${server.origin}/docs/`);
  await run(site);
  const name = copies(site).find((each) => each.endsWith(".pdf"))!;
  expect(name).toMatch(/^docs-manual\.[0-9a-f]{10}\.pdf$/);
  const bytes = await readBytes(join(site.folder.path, name));
  expect(bytes.equals(book)).toBe(true);
  expect(JSON.stringify(await readDocument(name, bytes))).toContain("Grease the shutter chain in May.");
  expect(leftOut(site)["/docs/false.pdf"]).toContain("no text");
});

describe("a page is left out", () => {
  test("for each reason, with it, and the rest goes on", async () => {
    const big = "x".repeat(50_000);
    await using server = await docSite({
      "/docs/": ["gone", "picture", "big", "noindex", "header", "twin", "script", "out", "loop", "moved", "good"]
        .map((name) => `<a href="${name}.html">${name}</a>`)
        .join(" "),
      "/docs/picture.html": { headers: { "content-type": "image/png" }, body: "png" },
      "/docs/big.html": `<p>${big}</p>`,
      "/docs/noindex.html": {
        body: `<head><meta name="ROBOTS" content="noindex, follow"></head><p>no</p><a href="found.html">f</a>`,
      },
      "/docs/header.html": {
        headers: { "x-robots-tag": "none" },
        body: page(`<p>no</p><a href="unfollowed.html">u</a>`),
      },
      "/docs/twin.html": `<h1>Good</h1><p>A page.</p>`,
      "/docs/good.html": `<h1>Good</h1><p>A page.</p>`,
      "/docs/script.html": { body: "<html><body><div id=app></div><script>draw('text')</script></body></html>" },
      "/docs/out.html": { status: 302, headers: { location: "/private/secret.html" } },
      "/private/secret.html": "<p>secret</p>",
      "/docs/loop.html": { status: 302, headers: { location: "loop.html?again" } },
      "/docs/loop.html?again": { status: 302, headers: { location: "loop.html" } },
      "/docs/moved.html": { status: 301, headers: { location: "target.html" } },
      "/docs/target.html": "<p>The page that moved.</p>",
      "/docs/found.html": "<p>Found through a page that is not kept.</p>",
    });
    const site = siteAt(`${server.origin}/docs/`);
    await run(site, { pageLimits: { bytes: 40_000 } });
    const reasons = leftOut(site);
    expect(reasons["/docs/gone.html"]).toContain("404");
    expect(reasons["/docs/picture.html"]).toContain("image/png");
    expect(reasons["/docs/big.html"]).toContain("larger");
    expect(reasons["/docs/noindex.html"]).toContain("noindex");
    expect(reasons["/docs/header.html"]).toContain("noindex");
    expect(reasons["/docs/good.html"]).toContain("/docs/twin.html");
    expect(reasons["/docs/script.html"]).toContain("scripts");
    expect(reasons["/docs/out.html"]).toContain("/private/secret.html");
    expect(reasons["/docs/loop.html"]).toContain("redirects too often");
    expect(reasons["/docs/moved.html"]).toContain("/docs/target.html");
    expect(server.paths()).not.toContain("/private/secret.html");
    expect(server.paths()).not.toContain("/docs/unfollowed.html");
    expect(
      copies(site)
        .map((name) => name.split(".")[0])
        .sort(),
    ).toEqual(["docs", "docs-found", "docs-target", "docs-twin"]);
  });

  test("when it does not come in time, after three tries", async () => {
    await using server = await docSite({
      "/docs/": `<p>Start</p><a href="slow.html">s</a><a href="fine.html">f</a>`,
      "/docs/slow.html": () => undefined,
      "/docs/fine.html": "<p>Fine</p>",
    });
    const site = siteAt(`${server.origin}/docs/`);
    expect(await run(site, { pageLimits: { seconds: 0.2 } })).toMatchObject({ kind: "done" });
    expect(server.paths().filter((path) => path.endsWith("slow.html"))).toHaveLength(3);
    expect(leftOut(site)["/docs/slow.html"]).toContain("longer than 0.2 s");
    expect(siteProgress(site).pages).toBe(2);
  });
});

describe("a hostile page", () => {
  test("leaves no script, no frame and no address of its own choice in the copy, nor a file name", async () => {
    await using server = await docSite({
      "/docs/": `<base href="/docs/"><script>alert(1)</script><!-- <p> --><p onclick="x()">Text</p><iframe src="//evil.example"></iframe>
        <svg><script>alert(2)</script><title>svg</title></svg><a href="..%5c..%5cevil.html">w</a><a href="%00.html">n</a>
        <a href="${"a".repeat(5000)}.html">long</a><a href="CON.html">c</a>`,
      "/docs/%00.html": "<p>nul</p>",
      "/docs/CON.html": "<p>con</p>",
    });
    const site = siteAt(`${server.origin}/docs/`);
    await run(site);
    const copy = copyOf(site, /^docs\./);
    expect(copy).toContain("Text");
    expect(copy).not.toMatch(/<script|<iframe|<svg|<base|evil\.example|<!--/);
    expect(copy).toContain("default-src 'none'");
    for (const name of copies(site)) expect(name).toMatch(/^[a-z0-9-]+\.[0-9a-f]{10}\.html$/);
    expect(copies(site)).toHaveLength(3);
  });
});

describe("fetching that is cut off", () => {
  const chain = (length: number): Record<string, Answer> =>
    Object.fromEntries(
      Array.from({ length }, (_, at) => [
        at === 0 ? "/docs/" : `/docs/p${at}.html`,
        `<h1>Page ${at}</h1><p>Text ${at}.</p><a href="/docs/p${at + 1}.html">next</a>`,
      ]),
    );

  test("goes on where it was: no page is fetched twice", async () => {
    await using server = await docSite(chain(12));
    const site = siteAt(`${server.origin}/docs/`);
    const controller = new AbortController();
    server.pages["/docs/p5.html"] = () => controller.abort();
    await expect(run(site, { signal: controller.signal })).rejects.toThrow();
    expect(siteProgress(site)).toMatchObject({ state: "waiting", pages: 5, queued: 1 });
    server.pages["/docs/p5.html"] = chain(12)["/docs/p5.html"]!;
    expect(await run(site)).toMatchObject({ kind: "done" });
    const pages = server.paths().filter((path) => path !== "/robots.txt");
    expect(pages.filter((path) => path !== "/docs/p5.html")).toEqual(
      [...new Set(pages)].filter((path) => path !== "/docs/p5.html"),
    );
    expect(siteProgress(site)).toMatchObject({ state: "done", pages: 12 });
  });

  test("in the middle of a line of its journal goes on from the line before", async () => {
    await using server = await docSite(chain(4));
    const site = siteAt(`${server.origin}/docs/`);
    const controller = new AbortController();
    server.pages["/docs/p2.html"] = () => controller.abort();
    await expect(run(site, { signal: controller.signal })).rejects.toThrow();
    const journal = join(site.home, "fetched.jsonl");
    writeFileSync(journal, readFileSync(journal, "utf8").slice(0, -20));
    server.pages["/docs/p2.html"] = chain(4)["/docs/p2.html"]!;
    expect(await run(site)).toMatchObject({ kind: "done" });
    expect(siteProgress(site)).toMatchObject({ state: "done", pages: 4 });
  });

  test("by a site that goes down is told of, and what was fetched stays", async () => {
    await using server = await docSite({
      "/docs/": `<p>Start</p>${Array.from({ length: 9 }, (_, at) => `<a href="p${at}.html">p</a>`).join("")}`,
    });
    const down: Answer = { status: 500 };
    for (let at = 0; at < 9; at++) server.pages[`/docs/p${at}.html`] = down;
    const site = siteAt(`${server.origin}/docs/`);
    expect(await run(site)).toMatchObject({ kind: "failed", reason: expect.stringContaining("500") as string });
    expect(server.paths()).toHaveLength(2 + 5);
    expect(siteProgress(site)).toMatchObject({ state: "failed", pages: 1, queued: 9 });
    for (let at = 0; at < 9; at++) server.pages[`/docs/p${at}.html`] = `<p>Page ${at}</p>`;
    expect(await run(site)).toMatchObject({ kind: "done" });
    expect(siteProgress(site)).toMatchObject({ state: "done", pages: 10 });
  });

  test("by a site that asks for a long pause is given up for the time being", async () => {
    await using server = await docSite({ "/docs/": { status: 429, headers: { "retry-after": "3600" } } });
    const site = siteAt(`${server.origin}/docs/`);
    expect(await run(site)).toEqual({ kind: "failed", reason: expect.stringContaining("60 min") as string });
    expect(server.paths()).toEqual(["/robots.txt", "/docs/"]);
  });
});

describe("a site that was fetched before", () => {
  test("is asked only for what changed; the copies of pages that are no more go", async () => {
    const etag =
      (name: string, body: string): Answer =>
      (request, response) => {
        if (request.headers["if-none-match"] === `"${name}"`) return void response.writeHead(304).end();
        response.writeHead(200, { "content-type": "text/html", etag: `"${name}"` }).end(page(body));
      };
    await using server = await docSite({
      "/docs/": etag(
        "start",
        `<p>Start</p><a href="same.html">s</a><a href="changed.html">c</a><a href="gone.html">g</a>`,
      ),
      "/docs/same.html": etag("same", "<p>The same.</p>"),
      "/docs/changed.html": etag("one", "<p>Before.</p>"),
      "/docs/gone.html": etag("gone", "<p>Soon gone.</p>"),
    });
    const site = siteAt(`${server.origin}/docs/`);
    await run(site);
    const before = copies(site);
    expect(before).toHaveLength(4);
    server.pages["/docs/changed.html"] = etag("two", "<p>After.</p>");
    delete server.pages["/docs/gone.html"];
    server.asked.length = 0;
    expect(await run(site)).toMatchObject({ kind: "done" });
    expect(server.paths().sort()).toEqual([
      "/docs/",
      "/docs/changed.html",
      "/docs/gone.html",
      "/docs/same.html",
      "/robots.txt",
    ]);
    expect(copyOf(site, /changed/)).toContain("After.");
    expect(copies(site)).toEqual(before.filter((name) => !name.includes("gone")));
  });

  test("keeps all its copies when it is down", async () => {
    await using server = await docSite(small);
    const site = siteAt(`${server.origin}/docs/`);
    await run(site);
    for (const path of Object.keys(server.pages)) if (path !== "/robots.txt") server.pages[path] = { status: 502 };
    expect(await run(site)).toMatchObject({ kind: "failed" });
    expect(copies(site)).toHaveLength(3);
    expect(siteProgress(site)).toMatchObject({ state: "failed", pages: 3 });
  });

  test("is fetched by one process at a time", async () => {
    await using server = await docSite(small);
    const site = siteAt(`${server.origin}/docs/`);
    const told: SiteProgress[] = [];
    const [first, second] = await Promise.all([
      run(site, { secondsBetween: 0.2, onProgress: (progress) => told.push(progress) }),
      expect
        .poll(() => server.paths().length)
        .toBeGreaterThan(1)
        .then(() => run(site)),
    ]);
    expect(second).toEqual({ kind: "taken" });
    expect(first).toMatchObject({ kind: "done" });
    expect(told[0]).toMatchObject({ state: "fetching", limit: 50 });
  });
});
