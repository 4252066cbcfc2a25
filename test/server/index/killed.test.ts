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
const lanes = 2;
/** Far more than a machine needs that is three times slower than two shared cores: what takes longer hangs. */
const mostMilliseconds = 800_000;
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

interface Counted {
  kills: number;
  acknowledged: number;
  /** Why an index was built anew that had been made, and why one that was being made. */
  damaged: string[];
  unmade: string[];
}

/** One index after the other, each killed several times, until all points are done or the time is up. */
async function killedAgain(
  lane: number,
  root: string,
  next: () => number | undefined,
  counted: Counted,
): Promise<void> {
  const random = seededRandom(seed + lane);
  const home = join(root, `home-${lane}`);
  for (let at = next(), turn = 0; at !== undefined; at = next(), turn++) {
    // Every few kills the documents start over; in between the index carries the traces of the kills before.
    const docs = join(root, `docs-${lane}-${Math.floor(turn / 5)}`);
    mkdirSync(docs, { recursive: true });
    const { held, touching } = await killedAfter(docs, home, seed * 1000 + at, random() * 2000);
    const index = await openFolderIndex(openFolder(docs, home), { embedder: countingEmbedder() });
    try {
      counted.kills++;
      expect(index.status().role, `kill ${at}`).toBe("writer");
      // A table that is only just being made cannot be opened; then nothing was acknowledged that is not being built anew.
      const made = touching !== "all" && turn > 0;
      const { reason } = index.status();
      if (/damaged/.test(reason)) counted[made ? "damaged" : "unmade"].push(`kill ${at}: ${reason}`);
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
}

test(`killed at ${points} random points of adding, editing, folding, building and pruning, an index opens, has all that was acknowledged, and answers`, async () => {
  const root = mkdtempSync(join(tmpdir(), "searchlight-killed-"));
  const until = performance.now() + mostMilliseconds;
  const counted: Counted = { kills: 0, acknowledged: 0, damaged: [], unmade: [] };
  let at = 0;
  const next = (): number | undefined => (at < points && performance.now() < until ? at++ : undefined);
  try {
    // Much of a kill is waiting for a process to start.
    await Promise.all(Array.from({ length: lanes }, (_, lane) => killedAgain(lane, root, next, counted)));
  } finally {
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  }
  const { kills, acknowledged, damaged, unmade } = counted;
  console.info(
    `${kills} kills, ${acknowledged} acknowledged files looked for, ${unmade.length} indexes not made yet ${unmade.join("; ")}`,
  );
  expect(damaged).toEqual([]);
  expect(acknowledged).toBeGreaterThan(0);
  expect(kills).toBe(points);
}, 900_000);
