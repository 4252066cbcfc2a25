import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { seededRandom } from "../../../server/evaluation/statistics/seeded-random.ts";
import { openFolder } from "../../../server/home.ts";
import { openFolderIndex } from "../../../server/index/folder-index.ts";
import { countingEmbedder } from "../../fixtures/counting-embedder.ts";
import { pathsFound } from "../../fixtures/index-folder.ts";

const writer = join(import.meta.dirname, "..", "..", "fixtures", "index-writer.ts");
const points = 50;
/** A slow machine gets through fewer points, not through more time. */
const mostMilliseconds = 200_000;
const leastPoints = 10;
const seed = Number(process.env["SEARCHLIGHT_FAULT_SEED"] ?? 7);
const signal = new AbortController().signal;

/** What a killed writer had said. */
interface Said {
  /** The last acknowledged word of each file. */
  held: Record<string, string>;
  /** Files that it was changing when it was killed. */
  touching: string[] | "all";
}

async function killedAfter(docs: string, home: string, run: number, milliseconds: number): Promise<Said> {
  const child = spawn(process.execPath, [writer, docs, home, String(run)], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  await once(child.stdout, "data");
  // From when it begins to write; its start is the same every time.
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  child.kill("SIGKILL");
  await once(child, "close");
  const lines = output
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => JSON.parse(line) as Partial<Said> & { role?: string });
  expect(lines[0]).toEqual({ role: "writer" });
  const said: Said = { held: {}, touching: [] };
  for (const line of lines) {
    if (line.held) Object.assign(said, { held: line.held, touching: [] });
    if (line.touching) said.touching = line.touching;
  }
  return said;
}

test(`killed at up to ${points} random points of adding, editing, folding, building and pruning, an index opens, has all that was acknowledged, and answers`, async () => {
  const random = seededRandom(seed);
  const root = mkdtempSync(join(tmpdir(), "searchlight-killed-"));
  const until = performance.now() + mostMilliseconds;
  const counted = { acknowledged: 0, damaged: 0 };
  let at = 0;
  try {
    for (; at < points && performance.now() < until; at++) {
      // Every few kills the documents start over; in between the index carries the traces of the kills before.
      const docs = join(root, `docs-${Math.floor(at / 5)}`);
      mkdirSync(docs, { recursive: true });
      const run = seed * 1000 + at;
      const { held, touching } = await killedAfter(docs, join(root, "home"), run, random() * 2500);
      const index = await openFolderIndex(openFolder(docs, join(root, "home")), { embedder: countingEmbedder() });
      try {
        expect(index.status().role, `kill ${at}`).toBe("writer");
        if (/damaged/.test(index.status().reason)) counted.damaged++;
        for (const [file, word] of Object.entries(held)) {
          if (touching === "all" || touching.includes(file)) continue;
          counted.acknowledged++;
          expect(await pathsFound(index, word), `kill ${at}: ${file}`).toEqual([file]);
        }
        writeFileSync(join(docs, "last.md"), `# Last\n\nThe lastword${at} closes the page.\n`);
        await index.update(signal);
        expect(index.status(), `kill ${at}`).toMatchObject({ state: "ready" });
        const { passages, vectors } = index.status();
        expect(vectors).toEqual({ done: passages, total: passages });
        expect(await pathsFound(index, `lastword${at}`)).toEqual(["last.md"]);
      } finally {
        await index.close();
      }
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  console.info(
    `${at} kills, ${counted.acknowledged} acknowledged files looked for, ${counted.damaged} indexes built anew`,
  );
  expect(counted.damaged).toBe(0);
  expect(counted.acknowledged).toBeGreaterThan(0);
  expect(at).toBeGreaterThanOrEqual(leastPoints);
}, 400_000);
