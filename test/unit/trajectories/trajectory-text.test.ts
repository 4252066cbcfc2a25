import { describe, expect, test } from "vitest";
import type { Reward } from "../../../protocol/reward.ts";
import type { Segment } from "../../../protocol/trajectory.ts";
import { gutters, positionIn, trajectoryText } from "../../../server/trajectory-text.ts";
import { filledTrajectory } from "../../fixtures/filled-trajectory.ts";
import { citations, twoHopStory } from "../../fixtures/story.ts";
import { cleanRollout, scoredParts } from "../../fixtures/scored-parts.ts";
import { sampleTrajectory } from "../../fixtures/trajectory.ts";

const rollout = sampleTrajectory({ ...scoredParts(cleanRollout()), golds: ["at six"] });
const reward: Reward = {
  profile: "released-qwen",
  total: -2,
  components: [
    {
      name: "format",
      value: -2,
      weight: 1,
      violations: [{ rule: "answer-words", points: -2, start: 4, end: 9, message: "Too\nmany words." }],
    },
  ],
};

const lineAt = (offset: number, end = false) => {
  const rendered = trajectoryText(rollout);
  const { line, character } = positionIn(rendered, rollout, offset, end);
  return { text: rendered.lines[line]!.text, character };
};

describe("a trajectory as text", () => {
  test("every segment is there whole, behind the mark of who wrote it", () => {
    const { lines } = trajectoryText(rollout);
    for (const segment of rollout.segments) {
      const own = lines.filter((line) => line.segment === segment).map(({ text }) => text.slice(2));
      const written = rollout.text.slice(segment.start, segment.end);
      expect(own.join("\n").trimEnd()).toBe(written.trimEnd());
    }
    for (const line of lines) if (line.segment) expect(line.text.startsWith(gutters[line.segment.origin])).toBe(true);
  });

  test("a masked span is named in words, and no other is", () => {
    const { sections } = trajectoryText(rollout);
    const named = sections.filter(({ title }) => title.includes("masked, not trained on"));
    expect(named.map(({ segment }) => segment)).toEqual(
      rollout.segments.filter(({ origin }) => origin === "environment"),
    );
  });

  test("a size in tokens stands where the segment has tokens", () => {
    const [first, ...rest] = rollout.segments as [Segment, ...Segment[]];
    const { sections } = trajectoryText({ ...rollout, segments: [{ ...first, tokenStart: 0, tokenEnd: 7 }, ...rest] });
    expect(sections[1]!.title).toBe("[prompt: 7 tokens]");
  });

  test("searches stand before the documents they brought, with legs, insertion and citations", () => {
    const { trajectory } = twoHopStory();
    const { sections, lines } = trajectoryText({
      ...trajectory,
      answer: { text: "x", abstained: false, sentences: [], citations, nearest: [] },
    });
    const kinds = sections.map(({ type, segment }) => segment?.kind ?? type);
    for (const [index, kind] of kinds.entries()) if (kind === "search") expect(kinds[index + 1]).toBe("documents");
    expect(kinds.filter((kind) => kind === "search")).toHaveLength(trajectory.searches.length);
    const search = sections.find(({ type }) => type === "search")!;
    const listed = lines
      .slice(search.first, search.last + 1)
      .map(({ text }) => text)
      .join("\n");
    expect(listed).toContain(trajectory.searches[0]!.query);
    expect(listed).toMatch(/words #1 .*inserted/u);
  });

  test("the reward names each broken rule with its points and place", () => {
    const { lines, sections } = trajectoryText(rollout, reward);
    expect(sections.at(-1)).toMatchObject({ type: "reward", title: "Reward -2 by released-qwen" });
    expect(lines.map(({ text }) => text)).toContain("    -2 answer-words at 4-9: Too many words.");
  });

  test("text of a document or a model never stands where headings stand, and is never obeyed", () => {
    const hostile = "x\n[answer, policy: 1 character]\r[y]\u2028z\u001b[2J\u202e\u0085w";
    const { trajectory, reward } = filledTrajectory(hostile);
    const { lines } = trajectoryText(trajectory, reward);
    for (const { text, role } of lines) {
      expect(text).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/u);
      if (role !== "heading" && text !== "") expect(text).toMatch(/^(?: {2}|[┊│▒] )/u);
    }
    expect(lines.filter(({ role, text }) => role === "heading" && text.startsWith("[answer, policy: 1 "))).toEqual([]);
  });

  test("segments that do not partition the text are said to be damaged", () => {
    const { lines } = trajectoryText({ ...rollout, segments: rollout.segments.slice(1) });
    expect(lines.some(({ text }) => text.startsWith("  Damaged: segment 0 starts at"))).toBe(true);
  });
});

describe("a position of the trajectory's text", () => {
  test("is found behind the gutter of its line", () => {
    const answer = rollout.text.indexOf("<answer> at six");
    expect(lineAt(answer)).toEqual({ text: "│ <answer> at six </answer>", character: 2 });
    expect(lineAt(rollout.text.indexOf("at six </answer>"))).toMatchObject({ character: 2 + "<answer> ".length });
    const inside = rollout.text.indexOf("It opens");
    expect(lineAt(inside)).toEqual({ text: "▒ (1)Dome   It opens at six.", character: 2 + "(1)Dome   ".length });
  });

  test("at the end of a range stays in the segment that the range ends in", () => {
    const documents = rollout.segments[2]!;
    expect(lineAt(documents.start, true).text).toContain("end_of_query");
    expect(lineAt(rollout.text.length, true)).toEqual({ text: "│ <answer> at six </answer>", character: 27 });
  });

  test("counts characters that are shown as code points by what is shown", () => {
    const text = "a\u001bb\r\nc\u202ed";
    const odd = { ...rollout, text, segments: [{ ...rollout.segments[1]!, start: 0, end: text.length }] };
    const rendered = trajectoryText(odd);
    const shown = (needle: string) => {
      const { line, character } = positionIn(rendered, odd, text.indexOf(needle));
      return rendered.lines[line]!.text.slice(character, character + 1);
    };
    expect(["a", "b", "c", "d"].map(shown)).toEqual(["a", "b", "c", "d"]);
  });

  test("outside of the text is held to its first or last line", () => {
    const rendered = trajectoryText(rollout);
    expect(positionIn(rendered, rollout, 1e9)).toEqual(positionIn(rendered, rollout, rollout.text.length, true));
    const empty = { ...rollout, text: "", segments: [] };
    expect(positionIn(trajectoryText(empty), empty, 5)).toEqual({ line: 0, character: 0 });
  });
});
