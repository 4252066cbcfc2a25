import { expect, test } from "vitest";
import type { DocumentSource } from "../../../protocol/documents.ts";
import type { IndexStatus } from "../../../protocol/index-status.ts";
import { bytesText, duration } from "../../../src/index-view/amounts.ts";
import { type IndexRow, indexRows } from "../../../src/index-view/index-rows.ts";
import { siteAddressFault } from "../../../src/index-view/site-address.ts";

const folder = { id: "docs-1", name: "docs" };
const workspace: DocumentSource = { folder, kind: "workspace", location: "/home/me/docs" };
const ready: IndexStatus = {
  folder,
  state: "ready",
  reason: "Words and vectors of every document can be searched.",
  files: 242,
  passages: 1234,
  vectors: { done: 1234, total: 1234 },
  skipped: [],
  embedder: { id: "minilm", dimension: 384 },
  role: "writer",
  bytes: 12_340_000,
};

const rowsOf = (source: DocumentSource, status: Partial<IndexStatus> = {}): IndexRow =>
  indexRows([source], [{ ...ready, ...status, folder: source.folder }])[0]!;
const labels = (row: IndexRow): string[] => row.children!.map(({ label }) => label);
const child = (row: IndexRow, key: string): IndexRow => row.children!.find(({ id }) => id === `${row.id} ${key}`)!;

test("a source says its state and counts, and below them its vectors, model, size and place", () => {
  const row = rowsOf(workspace);
  expect(row).toMatchObject({
    label: "docs",
    description: "ready · 242 files",
    icon: "pass",
    context: "source.workspace.ready",
  });
  expect(labels(row)).toEqual([
    ready.reason,
    "1,234 passages",
    "1,234 vectors",
    "minilm",
    "12.3 MB on disk",
    "/home/me/docs",
  ]);
});

test("an index in progress says how far it is, how fast and how long it takes", () => {
  const row = rowsOf(workspace, {
    state: "words-ready",
    vectors: { done: 617, total: 1234 },
    rate: 123.4,
    etaSeconds: 61,
  });
  expect(row.icon).toBe("sync~spin");
  expect(child(row, "vectors")).toMatchObject({
    label: "617 of 1,234 vectors",
    description: "50 % · 123/s · 2 min left",
  });
  // Words without work in progress do not look as if there was some.
  expect(rowsOf(workspace, { state: "words-ready" }).icon).not.toContain("spin");
});

test.each([
  ["paused", undefined],
  ["degraded", "warning"],
  ["failed", "error"],
] as const)("an index that is %s says so, with its reason and the buttons for it", (state, tone) => {
  const row = rowsOf(workspace, { state, reason: "The disk is full; free some space and update the index." });
  expect(row.context).toBe(`source.workspace.${state}`);
  expect(row.tone).toBe(tone);
  expect(child(row, "state")).toMatchObject({
    label: "The disk is full; free some space and update the index.",
    context: `state.${state}`,
  });
});

test("skipped files are listed with their reasons and open by a click; of very many the rest is a document", () => {
  const skipped = Array.from({ length: 450 }, (_, at) => ({ path: `scans/part-${at}.pdf`, reason: "encrypted" }));
  const row = rowsOf(workspace, { skipped });
  expect(row.description).toBe("ready · 242 files, 450 skipped");
  const list = child(row, "skipped");
  expect(list.label).toBe("450 files skipped");
  expect(list.children).toHaveLength(201);
  expect(list.children![0]).toMatchObject({
    label: "part-0.pdf",
    description: "encrypted · scans",
    open: { kind: "file", folder: "docs-1", path: "scans/part-0.pdf" },
  });
  expect(list.children!.at(-1)).toMatchObject({ label: "Show all 450", open: { kind: "skipped", folder: "docs-1" } });
});

test("an entry that stands for very many files counts as so many", () => {
  const skipped = [
    { path: "a.png", reason: "image" },
    { path: "(1299 more)", reason: "image", count: 1299 },
  ];
  const row = rowsOf(workspace, { skipped });
  expect(row.description).toBe("ready · 242 files, 1,300 skipped");
  expect(child(row, "skipped")).toMatchObject({
    label: "1,300 files skipped",
    detail: "1300 files skipped because: image (1300)",
  });
  expect(child(row, "skipped").children!.map(({ label, open }) => [label, open !== undefined])).toEqual([
    ["a.png", true],
    ["1,299 more", false],
  ]);
});

test("the last errors come latest first", () => {
  const errors = [
    { at: "2026-11-20T10:00:00.000Z", message: "The first." },
    { at: "2026-11-20T11:00:00.000Z", message: "The second." },
  ];
  const list = child(rowsOf(workspace, { errors }), "errors");
  expect(list).toMatchObject({ label: "Last 2 errors", tone: "error" });
  expect(list.children!.map(({ label }) => label)).toEqual(["The second.", "The first."]);
});

test("a site says how far its fetching is, what was left out and why, and has the buttons for it", () => {
  const site: DocumentSource = {
    folder: { id: "site-1", name: "docs.example.org/guide" },
    kind: "site",
    location: "https://docs.example.org/guide/",
    site: {
      state: "fetching",
      reason: "Fetching pages: 12 asked for, 30 to go.",
      pages: 11,
      queued: 30,
      limit: 200,
      leftOut: 1,
      leftOutPages: [{ path: "https://docs.example.org/guide/x.png", reason: "it is image/png, no page of text" }],
    },
  };
  const row = rowsOf(site, { state: "scanning", files: 8 });
  expect(row).toMatchObject({ description: "fetching, 11 pages", context: "source.site.scanning.fetching" });
  expect(child(row, "site")).toMatchObject({
    label: "fetching: 11 pages, at most 200, 30 to go",
    context: "site.fetching",
  });
  expect(child(row, "left-out").children![0]).toMatchObject({
    description: "it is image/png, no page of text",
    open: { kind: "address", url: "https://docs.example.org/guide/x.png" },
  });
  const done = rowsOf({ ...site, site: { ...site.site!, state: "done", queued: 0 } });
  expect(done.context).toBe("source.site.ready.done");
  expect(done.description).toBe("ready · 242 pages");
});

test("a source that is not on disk, or not read yet, says that", () => {
  const missing = indexRows([{ ...workspace, kind: "folder", missing: true }], [])[0]!;
  expect(missing).toMatchObject({ description: "not there", tone: "warning", context: "source.folder.missing" });
  expect(indexRows([workspace], [])[0]).toMatchObject({
    description: "not read yet",
    context: "source.workspace.unread",
  });
});

test("every row has an id of its own", () => {
  const skipped = [
    { path: "a.md", reason: "x" },
    { path: "a.md", reason: "y" },
  ];
  const errors = [
    { at: "2026-11-20T10:00:00.000Z", message: "Same." },
    { at: "2026-11-20T10:00:00.000Z", message: "Same." },
  ];
  const ids: string[] = [];
  const walk = (rows: readonly IndexRow[]): void => {
    for (const row of rows) {
      ids.push(row.id);
      walk(row.children ?? []);
    }
  };
  const other = { ...workspace, folder: { id: "docs-2", name: "docs" } };
  walk(
    indexRows(
      [workspace, other],
      [
        { ...ready, skipped, errors },
        { ...ready, skipped, errors, folder: other.folder },
      ],
    ),
  );
  expect(new Set(ids).size).toBe(ids.length);
});

test("amounts are said as people say them", () => {
  expect([0, 900, 12_000, 99_999, 1_234_567, 999_949_999, 2_540_000_000].map(bytesText)).toEqual([
    "0 kB",
    "1 kB",
    "12 kB",
    "100 kB",
    "1.2 MB",
    "999.9 MB",
    "2.5 GB",
  ]);
  expect([0.2, 59, 60, 3599, 7200].map(duration)).toEqual(["1 s", "59 s", "1 min", "60 min", "2.0 h"]);
});

test.each(["", "ftp://x.org", "https://me:pw@x.org/", "http://"])("%j is told to be no address of a site", (text) =>
  expect(siteAddressFault(text)).toEqual(expect.any(String)),
);

test.each(["docs.example.org", "https://docs.example.org/guide/", "http://127.0.0.1:8000"])("%s is one", (text) =>
  expect(siteAddressFault(text)).toBeUndefined(),
);
