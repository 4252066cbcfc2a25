import { expect, test } from "vitest";
import type { IndexStatus } from "../../../protocol/index-status.ts";
import { extensionReport } from "../../../src/editor/extension-report.ts";
import { placeRange } from "../../../src/editor/place-range.ts";
import { modelFault } from "../../../src/models/model-fault.ts";
import { endpointFault, endpointOf, normaliseEndpoint, openaiPolicy } from "../../../src/models/policy-id.ts";
import { indexBanner, indexDetail, statusBarText } from "../../../src/views/index-text.ts";
import { describeRun } from "../../../src/views/run-text.ts";
import { viewBanner } from "../../../src/views/view-banner.ts";

function status(fields: Partial<IndexStatus> = {}): IndexStatus {
  return {
    folder: { id: "f", name: "handbook" },
    state: "ready",
    reason: "Complete.",
    files: 155,
    passages: 2_000,
    vectors: { done: 2_000, total: 2_000 },
    skipped: [],
    embedder: null,
    role: "writer",
    ...fields,
  };
}

test("the status bar counts files over all folders, and shows progress and trouble first", () => {
  expect(statusBarText([]).text).toBe("$(search) Searchlight");
  expect(statusBarText([status(), status({ files: 1_000 })]).text).toBe("$(search) 1,155 files");
  const filling = status({ state: "words-ready", vectors: { done: 400, total: 1_000 } });
  expect(statusBarText([filling]).text).toBe("$(sync~spin) Indexing 40 %");
  expect(statusBarText([filling, status({ state: "degraded" })])).toMatchObject({ warning: true });
  expect(statusBarText([status({ state: "failed", reason: "No space is left." })])).toEqual({
    text: "$(error) Index failed",
    tooltip: "handbook: No space is left.",
    warning: true,
  });
});

test("the banner speaks only while the index or the server cannot give its best", () => {
  expect(indexBanner([status()])).toBeUndefined();
  expect(indexBanner([status({ state: "words-ready", vectors: { done: 1, total: 4 } })])).toMatch(/^Indexing 25 %/);
  expect(viewBanner("running", false, [status()])).toBeUndefined();
  expect(viewBanner("running", true, [status()])).toMatch(/was restarted/);
  expect(viewBanner("waiting", true, [])).toMatch(/is being restarted/);
  expect(viewBanner("given-up", true, [])).toMatch(/five times in three minutes/);
});

test("an index's detail names counts, rate, time left and skipped files", () => {
  const busy = status({
    vectors: { done: 10, total: 20 },
    rate: 59.4,
    etaSeconds: 90,
    skipped: [{ path: "a", reason: "too large" }],
  });
  expect(indexDetail(busy)).toBe(
    "155 files · 2,000 passages · 10 of 20 vectors · 59 passages/s · 2 min left · 1 skipped",
  );
});

test("a past question's icon and words tell how it ended", () => {
  const run = (fields: object) =>
    describeRun({
      id: "i",
      createdAt: "2026-01-02T03:04:05.000Z",
      status: "done",
      question: "q",
      policy: "p",
      profile: "docs",
      searches: 2,
      ...fields,
    });
  expect(run({ stopReason: "finished" })).toMatchObject({ icon: "pass", description: "answered · 2 searches" });
  expect(run({ abstained: true, stopReason: "finished" }).description).toBe("not in these documents · 2 searches");
  expect(run({ status: "interrupted" }).icon).toBe("debug-disconnect");
  expect(run({ stopReason: "turn-limit" }).description).toBe("turn limit · 2 searches");
});

test("a place becomes the editor's range: lines from 0, whole lines without columns", () => {
  expect(placeRange({ startLine: 3, endLine: 5, startColumn: 2, endColumn: 7 })).toEqual({
    startLine: 2,
    startColumn: 2,
    endLine: 4,
    endColumn: 7,
  });
  expect(placeRange({ startLine: 1, endLine: 1 })).toMatchObject({ startLine: 0, startColumn: 0, endLine: 0 });
});

test("one endpoint has one spelling, so that its key is found", () => {
  expect(normaliseEndpoint(" HTTPS://API.Example.com/v1// ")).toBe("https://api.example.com/v1");
  expect(endpointOf(openaiPolicy("chat", "org/model@rev", "http://localhost:8000/v1/"))).toBe(
    "http://localhost:8000/v1",
  );
  expect(openaiPolicy("completions", "m", "http://h/v1")).toBe("openai:m@http://h/v1");
  expect(endpointOf("editor:copilot/m")).toBeUndefined();
});

test("an address with a key in it, or of another scheme, is refused", () => {
  expect(endpointFault("http://localhost:8000/v1")).toBeUndefined();
  for (const address of [
    "localhost",
    "file:///etc/passwd",
    "http://user:secret@host/v1",
    "https://host/v1?key=secret",
  ]) {
    expect(endpointFault(address), address).toEqual(expect.any(String));
  }
});

test("errors of the editor's models are told apart", () => {
  const kind = (error: object, cancelled = false) => modelFault(error, cancelled).kind;
  expect(kind({ code: "NoPermissions" })).toBe("unauthorised");
  expect(kind({ code: "Blocked" })).toBe("refused");
  expect(kind({ code: "NotFound" })).toBe("unavailable");
  expect(kind({ message: "Message exceeds token limit." })).toBe("too-long");
  expect(kind({ message: "socket hang up" })).toBe("bad-response");
  expect(kind({ code: "NoPermissions" }, true)).toBe("cancelled");
});

test("the report names endpoints that have a key, and shows no password", () => {
  const report = extensionReport({
    version: "0.1.0",
    editor: "Editor 1",
    node: "22",
    platform: "linux-x64",
    remote: undefined,
    activationMilliseconds: 12.34,
    folders: 1,
    trusted: true,
    server: "running",
    serverPid: 7,
    settings: {
      policy: "extractive",
      profile: "docs",
      embedder: "minilm",
      indexOnOpen: true,
      indexPlace: "",
      exclude: [],
      proxy: "http://me:secret@proxy:3128",
      "training.service": "",
    },
    endpointsWithKey: ["https://api.example.com/v1"],
    faults: ["connecting to http://me:secret@proxy:3128 failed"],
  });
  expect(report).toContain("- Activation: 12.3 ms");
  expect(report).toContain("- Keys stored for: https://api.example.com/v1");
  expect(report).not.toContain("secret");
});
