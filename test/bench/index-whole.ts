// A folder of so many passages from its files on disk to searches, as a server keeps it; prints one JSON line: node test/bench/index-whole.ts PASSAGES
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openFolder } from "../../server/home.ts";
import { openFolderIndex } from "../../server/index/folder-index.ts";
import { watchTurns } from "./event-loop-turns.ts";
import { generatedEmbedder } from "./generated-embedder.ts";
import { generatedPassages } from "./generated-passages.ts";
import type { ReopenedFolder } from "./index-whole-reopen.ts";
import { Meter } from "./meter.ts";

export interface WholeBench {
  files: number;
  passages: number;
  /** From files on disk to searchable words: passages a second of the clock and of this process's processor time. */
  wordsPerSecond: number;
  wordsPerCpuSecond: number;
  /** Most time of the event loop's thread between two of its turns while all of it is read, stored and given vectors, in ms. */
  loop: { cpu: number; wall: number };
  /** A file of 20 passages that was saved, until a search finds it: the whole folder is looked through for changes. */
  edit: { p50: number; p95: number };
  /** Texts that are embedded after each change, and those that are new in it. */
  embedded: { what: string; texts: number; fresh: number }[];
  restart: ReopenedFolder;
}

const perFile = 20;
const edits = 30;
const count = Number(process.argv[2] ?? 10_000);
const signal = new AbortController().signal;
const root = mkdtempSync(join(tmpdir(), "searchlight-whole-"));
try {
  console.log(JSON.stringify(await bench()));
} finally {
  rmSync(root, { recursive: true, force: true });
}

async function bench(): Promise<WholeBench> {
  const docs = join(root, "docs");
  const paths = writeFiles(docs);
  const folder = openFolder(docs, join(root, "home"));
  const embedder = generatedEmbedder(1);
  const index = await openFolderIndex(folder, { embedder });
  const turns = watchTurns();
  const from = { wall: performance.now(), cpu: process.cpuUsage() };
  let words: { wall: number; cpu: number } | undefined;
  const unsubscribe = index.onStatus(({ state }) => {
    if (state !== "words-ready" || words) return;
    const { user, system } = process.cpuUsage(from.cpu);
    words = { wall: (performance.now() - from.wall) / 1000, cpu: (user + system) / 1e6 };
  });
  await index.update(signal);
  unsubscribe();
  const loop = turns.end();
  const { files, passages } = index.status();
  say(`words in ${words!.wall.toFixed(1)} s, loop held for ${loop.cpu | 0} ms`);

  const embedded: WholeBench["embedded"] = [];
  const after = async (what: string, fresh: number, change: () => void): Promise<void> => {
    const before = embedder.texts;
    change();
    await index.update(signal);
    embedded.push({ what, texts: embedder.texts - before, fresh });
  };
  const moved = paths.slice(0, 10);
  await after("ten files are renamed", 0, () => {
    for (const path of moved) renameSync(join(docs, path), join(docs, `${path}.renamed.md`));
  });
  const branch = paths.slice(20, 30);
  cpSync(docs, join(root, "main"), { recursive: true });
  await after("another branch changes ten files", branch.length * perFile, () => {
    for (const [at, path] of branch.entries())
      writeFileSync(join(docs, path), fileOf(generatedPassages(50 + at, 0, perFile, perFile)));
  });
  await after("the first branch comes back", 0, () => {
    for (const path of branch) cpSync(join(root, "main", path), join(docs, path));
  });

  const meter = new Meter();
  for (let edit = 0; edit < edits; edit++) {
    const word = `o${"wv".repeat(1 + (edit % 3))}x${edit}o`;
    const fresh = generatedPassages(1000 + edit, 0, perFile, perFile);
    fresh[3] = { ...fresh[3]!, text: `${word} ${fresh[3]!.text}` };
    const path = paths[(edit * 7 + 40) % paths.length]!;
    await meter.run(async () => {
      writeFileSync(join(docs, path), fileOf(fresh));
      const update = index.update(signal);
      for (;;) {
        const { hits } = await index.search(word, 1, "words", signal);
        if (hits[0]?.passage.place?.path === path && hits[0].passage.text.includes(word)) break;
        // As often as a person could ask; more often the searches would be what is measured.
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      // What follows is behind the search that a person waits for.
      void update;
    });
    await index.update(signal);
  }
  const edit = meter.figures();
  await index.close();
  say(`edits in ${edit.p95 | 0} ms (p95)`);

  const restart = JSON.parse(
    execFileSync(process.execPath, [join(import.meta.dirname, "index-whole-reopen.ts"), docs, join(root, "home")], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    }),
  ) as ReopenedFolder;
  say(`ready again in ${restart.readySeconds.toFixed(2)} s, ${restart.megabytes | 0} MiB`);
  return {
    files,
    passages,
    wordsPerSecond: passages / words!.wall,
    wordsPerCpuSecond: passages / words!.cpu,
    loop,
    edit: { p50: edit.p50, p95: edit.p95 },
    embedded,
    restart,
  };
}

function writeFiles(docs: string): string[] {
  const paths: string[] = [];
  for (let first = 0; first < count; first += perFile) {
    const passages = generatedPassages(1, first, perFile, perFile);
    const path = passages[0]!.place!.path;
    mkdirSync(join(docs, dirname(path)), { recursive: true });
    writeFileSync(join(docs, path), fileOf(passages));
    paths.push(path);
  }
  return paths;
}

/** A page whose sections are passages. */
function fileOf(passages: readonly { title: string; text: string }[]): string {
  const [page = "Page"] = passages[0]!.title.split(" › ");
  return `# ${page}\n\n${passages.map(({ title, text }) => `## ${title.split(" › ").at(-1)!}\n\n${text}\n`).join("\n")}`;
}

function say(line: string): void {
  console.error(`a folder of ${count} passages: ${line}`);
}
