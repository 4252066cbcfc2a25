import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { applyRolloutEvent } from "../../../protocol/rollout-events.ts";
import { toServer } from "../../../protocol/server-messages.ts";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import { findModel } from "../../../server/models/model-files.ts";
import { makeTokenizer } from "../../../server/models/tokenizer.ts";
import { pdfOf } from "../../fixtures/book-files.ts";
import { type InBandServer, serverSettings, startInBand } from "../../fixtures/in-band-server.ts";

let root: string;
let home: string | undefined;
let server: InBandServer;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "searchlight-server-"));
  home = process.env["SEARCHLIGHT_HOME"];
  process.env["SEARCHLIGHT_HOME"] = join(root, "home");
  mkdirSync(join(root, "docs"));
  writeFileSync(
    join(root, "docs", "dome.md"),
    "# North Dome\n\nThe Kestrel spectrograph is mounted in the North Dome.\n\nVisitors wait in the hall until the shutters are open.\n",
  );
  writeFileSync(
    join(root, "docs", "people.md"),
    "# People\n\n## Marta Quill\n\nMarta Quill looks after the Kestrel spectrograph since 2011.\n\n## Joss Okerlund\n\nJoss Okerlund repairs the domes and their shutters.\n",
  );
  server = await startInBand({ folders: [{ name: "docs", path: join(root, "docs") }] });
});
afterEach(async () => {
  await server.stop();
  if (home === undefined) delete process.env["SEARCHLIGHT_HOME"];
  else process.env["SEARCHLIGHT_HOME"] = home;
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

describe("the language server", () => {
  test("answers a two-hop question as a stream of events that add up to the stored record", async () => {
    const { trajectoryId } = await server.request(toServer.ask, {
      question: "Who looks after the spectrograph mounted in the North Dome?",
    });
    const done = await server.ended(trajectoryId);
    expect(server.rollouts.map(({ seq }) => seq)).toEqual(server.rollouts.map((_, index) => index));
    let watched: Trajectory | undefined;
    for (const { event } of server.rollouts.slice(0, -1)) watched = applyRolloutEvent(watched, event as never);
    expect(watched).toMatchObject({ text: done.text, segments: done.segments, answer: done.answer! });
    expect(done.answer).toMatchObject({ abstained: false });
    expect(done.answer!.text).toContain("Marta Quill");
    const cited = done.answer!.citations.find(({ quote }) => quote.includes("Marta Quill"))!;
    expect(cited).toMatchObject({ status: "verified", place: { path: "people.md", startLine: 5, endLine: 5 } });

    const listed = await server.request(toServer.trajectories, { limit: 10 });
    expect(listed.trajectories).toMatchObject([{ id: trajectoryId, status: "done", stopReason: "finished" }]);
    const stored = await server.request(toServer.trajectory, { id: trajectoryId });
    expect(stored.trajectory).toEqual(done);
    const place = await server.request(toServer.resolvePlace, { place: cited.place! });
    expect(place).toEqual({ path: join(root, "docs", "people.md"), stale: false });
  });

  test("says of a stored trajectory what its mask's audit finds and whether the files of its hits changed", async () => {
    const { trajectoryId } = await server.request(toServer.ask, { question: "Who repairs the domes?" });
    await server.ended(trajectoryId);
    const before = await server.request(toServer.inspectTrajectory, { id: trajectoryId });
    expect(before).toMatchObject({ verdict: { agree: true, disagreements: [] }, reward: null });
    expect(new Set(before!.files.map(({ state }) => state))).toEqual(new Set(["same"]));
    expect(before!.files.map(({ path }) => path)).toContain("people.md");
    appendFileSync(join(root, "docs", "people.md"), "\nAnother line.\n");
    rmSync(join(root, "docs", "dome.md"));
    const after = await server.request(toServer.inspectTrajectory, { id: trajectoryId });
    const states = Object.fromEntries(after!.files.map(({ path, state }) => [path, state]));
    expect(states).toMatchObject({ "people.md": "changed" });
    if ("dome.md" in states) expect(states["dome.md"]).toBe("gone");
    expect(await server.request(toServer.inspectTrajectory, { id: "none" })).toBeNull();
  });

  test("decodes tokens one by one where their tokenizer is here, and takes no id for a path", async () => {
    const models = join(root, "models");
    const name = "all-minilm-l6-v2-int8";
    const source = findModel(name, ["tokenizer.json"])!;
    mkdirSync(join(models, "words"), { recursive: true });
    copyFileSync(join(source, "tokenizer.json"), join(models, "words", "tokenizer.json"));
    process.env["SEARCHLIGHT_MODELS"] = models;
    try {
      const tokenizer = makeTokenizer("words", JSON.parse(readFileSync(join(source, "tokenizer.json"), "utf8")));
      const ids = tokenizer.encode("the dome opens");
      const { texts } = await server.request(toServer.tokenTexts, { tokenizer: "words", ids: [...ids, 99_999_999] });
      expect(texts!.slice(0, 3)).toEqual(["the", "dome", "opens"]);
      expect(texts).toHaveLength(ids.length + 1);
      for (const path of ["other", "../models/words", "./words", join(models, "words"), "words/"])
        expect(await server.request(toServer.tokenTexts, { tokenizer: path, ids: [...ids] })).toEqual({ texts: null });
    } finally {
      delete process.env["SEARCHLIGHT_MODELS"];
    }
  });

  test("cites a page of a PDF, and gives the text in which the place counts lines", async () => {
    writeFileSync(
      join(root, "docs", "manual.pdf"),
      await pdfOf([
        [{ text: "Heron observatory", size: 22 }],
        [{ text: "Lenses", size: 15 }, { text: "The pewter lens was ground by Oda Finch in 1923." }],
      ]),
    );
    const { folders } = await server.request(toServer.indexStatus, {});
    await server.request(toServer.indexAction, { folder: folders[0]!.folder.id, action: "update" });
    await expect
      .poll(async () => (await server.request(toServer.indexStatus, {})).folders[0]!.files, { timeout: 30_000 })
      .toBe(3);
    const { trajectoryId } = await server.request(toServer.ask, { question: "Who ground the pewter lens?" });
    const cited = (await server.ended(trajectoryId)).answer!.citations.find(({ quote }) =>
      quote.includes("Oda Finch"),
    )!;
    expect(cited).toMatchObject({ status: "verified", place: { path: "manual.pdf", page: 2 } });
    const { folder, path, page, startLine, startColumn } = cited.place!;
    const reply = await server.request(toServer.extractedText, { folder, path, page });
    expect(reply.text!.split("\n")[startLine - 1]!.slice(startColumn)).toContain("Oda Finch");
    expect(reply.file).toBe(join(root, "docs", "manual.pdf"));
    for (const which of [
      { folder, path, page: 9 },
      { folder, path: "../home" },
      { folder: "other", path },
    ]) {
      const refused = await server.request(toServer.extractedText, which);
      expect([refused.text, typeof refused.reason]).toEqual([undefined, "string"]);
    }
  });

  test("resolves no place outside its folders", async () => {
    const { trajectoryId } = await server.request(toServer.ask, { question: "Who repairs the domes?" });
    const { place } = (await server.ended(trajectoryId)).searches[0]!.hits[0]!.passage;
    mkdirSync(join(root, "private"));
    writeFileSync(join(root, "private", "secret.md"), "secret");
    symlinkSync(join(root, "private"), join(root, "docs", "link"));
    for (const path of [
      "../home",
      "../private/secret.md",
      "link/secret.md",
      "../../../../etc/hostname",
      "/etc/hostname",
      "docs/../../x",
      ".",
    ]) {
      expect(await server.request(toServer.resolvePlace, { place: { ...place!, path } })).toBeNull();
    }
    expect(await server.request(toServer.resolvePlace, { place: { ...place!, folder: "other" } })).toBeNull();
  });

  test("answers abstaining, with the nearest places, what the documents do not say", async () => {
    const { trajectoryId } = await server.request(toServer.ask, {
      question: "What is the annual budget of the cafeteria in Lisbon?",
    });
    const done = await server.ended(trajectoryId);
    expect(done.answer).toMatchObject({ abstained: true, citations: [] });
  });

  test("follows a question up", async () => {
    const first = await server.request(toServer.ask, { question: "Which spectrograph is mounted in the North Dome?" });
    await server.ended(first.trajectoryId);
    const second = await server.request(toServer.ask, { question: "Who looks after it?", follows: first.trajectoryId });
    const done = await server.ended(second.trajectoryId);
    expect(done.follows).toBe(first.trajectoryId);
    expect(done.answer!.text).toContain("Marta Quill");
  });

  test("falls back to the extractive policy with a notice when a model does not answer, keeping the failed try", async () => {
    const { trajectoryId } = await server.request(toServer.ask, {
      question: "Who repairs the domes?",
      policy: "openai:none@http://127.0.0.1:9",
    });
    const done = await server.ended(trajectoryId);
    expect(done.policy).toMatchObject({ kind: "extractive", chosen: expect.stringMatching(/^fallback/) as string });
    expect(done.notices[0]).toContain("did not answer");
    const { trajectories } = await server.request(toServer.trajectories, { limit: 10 });
    expect(trajectories.map(({ stopReason }) => stopReason).sort()).toEqual(["finished", "policy-error"]);
  });

  test("says in one sentence what is wrong with a question it cannot ask", async () => {
    await expect(server.request(toServer.ask, { question: "x", profile: "nonesuch" })).rejects.toThrow(
      /There is no profile nonesuch/,
    );
    await expect(server.client.sendRequest(toServer.ask.method, { question: 7 })).rejects.toThrow(/searchlight\/ask/);
    await server.stop();
    server = await startInBand({ folders: [], settings: serverSettings });
    await expect(server.request(toServer.ask, { question: "x" })).rejects.toThrow(/No folder is open/);
  });

  test("searches without a policy, and reports its state without a secret", async () => {
    process.env["SEARCHLIGHT_API_KEY"] = "key-that-must-not-be-shown";
    try {
      const { trajectoryId } = await server.request(toServer.ask, { question: "Who repairs the domes?" });
      await server.ended(trajectoryId);
      const { hits, coverage } = await server.request(toServer.search, { query: "shutters", k: 3, mode: "hybrid" });
      expect(hits.length).toBeGreaterThan(0);
      expect(coverage).toContain("words only");
      const { folders } = await server.request(toServer.indexStatus, {});
      expect(folders).toMatchObject([{ state: "degraded", files: 2 }]);
      const { markdown } = await server.request(toServer.statusReport, {});
      expect(markdown).toContain("Searchlight");
      expect(markdown).not.toContain("key-that-must-not-be-shown");
    } finally {
      delete process.env["SEARCHLIGHT_API_KEY"];
    }
  });

  test("takes in a changed file when the editor tells of it", async () => {
    const { trajectoryId } = await server.request(toServer.ask, { question: "Who repairs the domes?" });
    await server.ended(trajectoryId);
    writeFileSync(
      join(root, "docs", "new.md"),
      "# Heliostat\n\nThe heliostat stands on the south lawn beside the library.\n",
    );
    await server.client.sendNotification("workspace/didChangeWatchedFiles", {
      changes: [{ uri: `file://${join(root, "docs", "new.md")}`, type: 1 }],
    });
    await expect
      .poll(
        async () => (await server.request(toServer.search, { query: "heliostat", k: 1, mode: "words" })).hits.length,
        { timeout: 10_000 },
      )
      .toBe(1);
  });
});
