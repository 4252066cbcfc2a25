import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Diagnostic, DocumentSymbol, FoldingRange, Hover, SemanticTokens } from "vscode-languageserver";
import manifest from "../../../package.json" with { type: "json" };
import { toServer } from "../../../protocol/server-messages.ts";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import { trajectoryUri } from "../../../protocol/trajectory-uri.ts";
import { semanticTokensLegend } from "../../../server/editor/semantic-tokens.ts";
import { openFolder } from "../../../server/home.ts";
import { openTrajectoryStore } from "../../../server/trajectories/store.ts";
import { type InBandServer, startInBand } from "../../fixtures/in-band-server.ts";
import { cleanRollout, scoredParts } from "../../fixtures/scored-parts.ts";
import { hit, place, twoHopStory } from "../../fixtures/story.ts";
import { sampleTrajectory } from "../../fixtures/trajectory.ts";

const { trajectory: story } = twoHopStory();
const parts = scoredParts(cleanRollout(undefined, "noon 一"));
const [, , documents] = parts.segments;
/** Of a profile with rules, with a gold answer, and an answer that breaks one. */
const fined: Trajectory = sampleTrajectory({
  ...parts,
  profile: "r1-searcher",
  golds: ["at six"],
  searches: [
    {
      ...story.searches[0]!,
      query: "dome <b>opens</b>",
      hits: [
        hit(1, place("domes/north.md", 3, 5), "It opens at six."),
        hit(2, place("domes/left-out.md", 1, 1), "No."),
      ],
      insertedHits: 1,
      insertedStart: documents!.start,
      insertedEnd: documents!.end,
      turn: 0,
    },
  ],
});

let root: string;
let home: string | undefined;
let server: InBandServer;
const published = new Map<string, Diagnostic[]>();

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "searchlight-text-"));
  home = process.env["SEARCHLIGHT_HOME"];
  process.env["SEARCHLIGHT_HOME"] = join(root, "home");
  mkdirSync(join(root, "docs"));
  writeFileSync(join(root, "docs", "dome.md"), "# Dome\n\nIt opens at six.\n");
  const store = await openTrajectoryStore(openFolder(join(root, "docs")).trajectoriesHome);
  for (const trajectory of [story, fined]) await store.add(trajectory);
  store.close();
  server = await startInBand({ folders: [{ name: "docs", path: join(root, "docs") }] });
  published.clear();
  server.client.onNotification(
    "textDocument/publishDiagnostics",
    ({ uri, diagnostics }: { uri: string; diagnostics: Diagnostic[] }) => void published.set(uri, diagnostics),
  );
});
afterEach(async () => {
  await server.stop();
  if (home === undefined) delete process.env["SEARCHLIGHT_HOME"];
  else process.env["SEARCHLIGHT_HOME"] = home;
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

/** Opens the text form as an editor does, and asks about it. */
async function open(id: string, given?: string) {
  const text = given ?? (await server.request(toServer.trajectoryText, { id })).text!;
  const uri = trajectoryUri(id) ?? `searchlight-trajectory:/${id}.trajectory`;
  await server.client.sendNotification("textDocument/didOpen", {
    textDocument: { uri, languageId: "searchlight-trajectory", version: 1, text },
  });
  const lines = text.split("\n");
  const ask = <T>(method: string, rest: object = {}): Promise<T> =>
    server.client.sendRequest(`textDocument/${method}`, { textDocument: { uri }, ...rest });
  return { uri, text, lines, ask };
}

/** Tokens as they stand in the text: type, modifier and what they cover. */
function decode({ data }: SemanticTokens, lines: readonly string[]): { type: string; masked: boolean; text: string }[] {
  let line = 0;
  let start = 0;
  return Array.from({ length: data.length / 5 }, (_, index) => {
    const [deltaLine, deltaStart, length, type, modifiers] = data.slice(index * 5, index * 5 + 5) as [
      number,
      number,
      number,
      number,
      number,
    ];
    start = deltaLine > 0 ? deltaStart : start + deltaStart;
    line += deltaLine;
    return {
      type: semanticTokensLegend.tokenTypes[type]!,
      masked: modifiers === 1,
      text: lines[line]!.slice(start, start + length),
    };
  });
}

test("segments are coloured by who wrote them, and masked text says so by a modifier", async () => {
  const { ask, lines } = await open(fined.id);
  const tokens = decode(await ask<SemanticTokens>("semanticTokens/full"), lines);
  expect(tokens).toContainEqual({ type: "searchlightDocuments", masked: true, text: "▒ (1)Dome   It opens at six." });
  expect(tokens).toContainEqual({ type: "searchlightAnswer", masked: false, text: "<answer> noon 一 </answer>" });
  expect(tokens).toContainEqual({ type: "searchlightPrompt", masked: false, text: "User:When?" });
  expect(tokens).toContainEqual({ type: "searchlightHeading", masked: false, text: "Search 1: dome <b>opens</b>" });
  for (const { type, masked } of tokens) expect(masked).toBe(type === "searchlightDocuments");
  const queries = decode(
    await (await open(story.id)).ask<SemanticTokens>("semanticTokens/full"),
    (await open(story.id)).lines,
  );
  expect(queries.filter(({ type }) => type === "searchlightQuery")).toHaveLength(story.searches.length);
});

test("the token types and modifiers of the server are those of the manifest, each with a colour", () => {
  const { semanticTokenTypes, semanticTokenModifiers, semanticTokenScopes } = manifest.contributes;
  expect(semanticTokenTypes.map(({ id }) => id)).toEqual(semanticTokensLegend.tokenTypes);
  expect(semanticTokenModifiers.map(({ id }) => id)).toEqual(semanticTokensLegend.tokenModifiers);
  expect(Object.keys(semanticTokenScopes[0]!.scopes)).toEqual(semanticTokensLegend.tokenTypes);
});

test("prompt and documents fold as regions, from their heading to their last line", async () => {
  const { ask, lines } = await open(fined.id);
  const ranges = await ask<FoldingRange[]>("foldingRange");
  const regions = ranges.filter(({ kind }) => kind === "region");
  expect(regions.map(({ startLine }) => lines[startLine])).toEqual([
    expect.stringMatching(/^\[prompt: /u),
    expect.stringMatching(/^\[documents, environment: .*masked, not trained on\]$/u),
  ]);
  for (const { startLine, endLine } of regions) {
    expect(lines.slice(startLine + 1, endLine + 1).every((line) => /^[┊▒] /u.test(line))).toBe(true);
    expect(lines[endLine + 1]).toBe("");
  }
});

test("the outline lists turns with their searches, then answer and reward", async () => {
  const { ask } = await open(story.id);
  const symbols = await ask<DocumentSymbol[]>("documentSymbol");
  const names = symbols.map(({ name }) => name);
  expect(names[0]).toBe(`Trajectory ${story.id}`);
  expect(names[1]).toMatch(/^prompt: /u);
  expect(names.slice(2)).toEqual(["Turn 1", "Turn 2", "Turn 3", ...(story.answer ? ["Answer"] : [])]);
  const [first] = symbols.filter(({ name }) => name === "Turn 1");
  expect(first!.children!.map(({ name }) => name)).toEqual([
    expect.stringMatching(/^think, policy: /u),
    expect.stringMatching(/^query, policy: /u),
    `Search 1: ${story.searches[0]!.query}`,
    expect.stringMatching(/^documents, environment: .*masked/u),
  ]);
  const inside = (outer: DocumentSymbol, inner: DocumentSymbol): boolean =>
    outer.range.start.line <= inner.range.start.line && inner.range.end.line <= outer.range.end.line;
  for (const symbol of symbols) for (const child of symbol.children ?? []) expect(inside(symbol, child)).toBe(true);
  const last = (await (await open(fined.id)).ask<DocumentSymbol[]>("documentSymbol")).at(-1);
  expect(last!.name).toMatch(/^Reward /u);
});

test("a masked span tells on hover that it is masked, by which search it came, and its sources with ranks, as plain text", async () => {
  const { ask, lines } = await open(fined.id);
  const line = lines.findIndex((text) => text.includes("It opens at six."));
  const hover = await ask<Hover>("hover", { position: { line, character: 4 } });
  expect(hover.contents).toEqual({
    kind: "plaintext",
    value:
      "Masked, not trained on.\nSearch 1: dome <b>opens</b>\n1.  domes/north.md:3-5  domes/north.md  words #1 (9), vectors #2 (0.8)",
  });
  expect(hover.range!.start.line).toBeLessThan(line);
  const own = lines.findIndex((text) => text.includes("It says six."));
  expect(await ask("hover", { position: { line: own, character: 4 } })).toBeNull();
});

test("each broken rule is a diagnostic with its id at its place, and goes when the document is closed", async () => {
  const { uri, lines } = await open(fined.id);
  await expect.poll(() => published.get(uri)?.length).toBeGreaterThan(1);
  const diagnostics = published.get(uri)!;
  const covered = ({ range: { start, end } }: Diagnostic): string => {
    expect(start.line).toBe(end.line);
    return lines[start.line]!.slice(start.character, end.character);
  };
  const differs = diagnostics.find(({ code }) => code === "answer-differs")!;
  expect(differs).toMatchObject({
    severity: 2,
    source: "released-qwen",
    message: expect.stringContaining("points)") as string,
  });
  expect(covered(differs)).toBe("noon 一");
  expect(covered(diagnostics.find(({ code }) => code === "chinese")!)).toBe("一");
  await server.client.sendNotification("textDocument/didClose", { textDocument: { uri } });
  await expect.poll(() => published.get(uri)).toEqual([]);
});

test("a trajectory without gold answers has no diagnostics", async () => {
  const { uri } = await open(story.id);
  await expect.poll(() => published.get(uri)).toEqual([]);
});

test("an id that is no ULID is no trajectory, whatever path it spells, and its document stays plain", async () => {
  for (const id of ["../../etc/passwd", "..%2f..%2fx", "x", `${fined.id}/x`, "'; drop", ""]) {
    expect(trajectoryUri(id)).toBeUndefined();
    expect(await server.request(toServer.trajectoryText, { id })).toEqual({ text: null });
    const { ask } = await open(id, "x\n");
    expect(await ask("semanticTokens/full")).toEqual({ data: [] });
    expect(await ask("documentSymbol")).toBeNull();
  }
});

test("a document that does not hold the trajectory's text is left plain", async () => {
  const { ask, uri } = await open(fined.id, "Trajectory of another moment\n");
  expect(await ask("semanticTokens/full")).toEqual({ data: [] });
  expect(await ask("foldingRange")).toBeNull();
  await expect.poll(() => published.get(uri)).toEqual([]);
  const { text } = await server.request(toServer.trajectoryText, { id: fined.id });
  await server.client.sendNotification("textDocument/didChange", {
    textDocument: { uri, version: 2 },
    contentChanges: [{ text }],
  });
  await expect.poll(() => published.get(uri)?.length).toBeGreaterThan(0);
  expect(await ask<FoldingRange[]>("foldingRange")).not.toEqual([]);
});
