import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ulid } from "ulid";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { seededRandom } from "../../server/evaluation/statistics/seeded-random.ts";
import { hit, place, Story } from "../fixtures/story.ts";

/** Characters of a transcript of about 4,000 tokens. */
const charactersEach = 16_000;
const flushCharacters = 8 << 20;

/** Writes trajectories made of the paragraphs of real documents, each of about 4,000 tokens, in groups of eight. */
export function writeRecords(path: string, count: number, folders: readonly string[]): void {
  const paragraphs = folders.flatMap(paragraphsUnder);
  if (paragraphs.length === 0) throw new Error(`There is no text under ${folders.join(", ")}.`);
  const random = seededRandom(7);
  const pick = (): string => paragraphs[Math.floor(random() * paragraphs.length)]!;
  const file = openSync(path, "w");
  let lines = "";
  for (let index = 0; index < count; index++) {
    lines += `${JSON.stringify(record(index, pick, random))}\n`;
    if (lines.length < flushCharacters && index < count - 1) continue;
    writeSync(file, lines);
    lines = "";
  }
  closeSync(file);
}

/** A trajectory whose text has about so many characters. */
export function record(
  index: number,
  pick: () => string,
  random: () => number,
  characters = charactersEach,
): Trajectory {
  const question = `${pick().slice(0, 80)}?`;
  const story = new Story({ id: ulid(1.7e12 + index), question, golds: [pick().slice(0, 20)], profile: "r1-searcher" });
  for (let turn = 0; story.trajectory.text.length < characters; turn++) {
    story.write("think", `<think>${pick().slice(0, 400)}</think>\n`);
    const hits = [1, 2].map((rank) => hit(rank, place(`guide/${turn}-${rank}.md`, 1, 40), passage(pick)));
    story.search(pick().slice(0, 60), hits);
  }
  story.write("answer", `<answer> ${pick().slice(0, 40)} </answer>`);
  const { trajectory } = story.done({});
  return {
    ...trajectory,
    reward: {
      profile: "r1-searcher",
      total: Math.round(200 * random() - 100) / 100,
      components: [{ name: "answer F1", value: random(), weight: 1, violations: [] }],
    },
    training: { step: Math.floor(index / 1024), group: `prompt-${Math.floor(index / 8)}`, sample: index % 8 },
  };
}

/** As long as passages of a corpus are. */
function passage(pick: () => string): string {
  let text = pick();
  while (text.length < 1000) text += `\n${pick()}`;
  return text.slice(0, 1000);
}

/** The paragraphs of the Markdown and text files under a folder; none where it is not there. */
export function paragraphsUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return paragraphsUnder(path);
    if (!/\.(md|txt)$/.test(name)) return [];
    return readFileSync(path, "utf8")
      .split(/\n{2,}/)
      .filter((text) => text.length > 60);
  });
}
