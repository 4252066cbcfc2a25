import { expect, test } from "vitest";
import type { Citation } from "../../../protocol/answer.ts";
import { formatToldPlace, toldFolders } from "../../../protocol/told-folders.ts";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import { answerMarkdown } from "../../../media/viewer/answer-markdown.ts";
import { trajectoryArticle } from "../../../server/commands/trajectory-page.ts";
import { scriptedPolicy } from "../../../server/models/scripted.ts";
import { docs } from "../../../server/rollout/profiles/docs.ts";
import { runRollout } from "../../../server/rollout/rollout.ts";
import { trajectoryText } from "../../../server/trajectory-text.ts";
import { functionRetriever } from "../../fixtures/retriever.ts";
import { place } from "../../fixtures/story.ts";

const folders = [
  { id: "one", name: "handbook" },
  { id: "two", name: "notes" },
];
const readme = (folder: string, path = "README.md") => place(path, 3, 3, { folder });

test("a folder is told where its file's path is one of another folder too, and nowhere else", () => {
  const told = toldFolders([readme("one"), readme("two"), readme("two", "only.md")], folders);
  expect(formatToldPlace(readme("one"), told)).toBe("README.md:3 in handbook");
  expect(formatToldPlace(readme("two"), told)).toBe("README.md:3 in notes");
  expect(formatToldPlace(readme("two", "only.md"), told)).toBe("only.md:3");
  expect(formatToldPlace(readme("one"), toldFolders([readme("one"), readme("one")], folders))).toBe("README.md:3");
});

test("folders of one name are told apart by a number, and one that is not known has no name", () => {
  const same = [
    { id: "one", name: "docs" },
    { id: "two", name: "docs" },
  ];
  const told = toldFolders(
    ["one", "two", "gone"].map((folder) => readme(folder)),
    same,
  );
  expect(["one", "two", "gone"].map((folder) => told(readme(folder)))).toEqual(["docs (1)", "docs (2)", undefined]);
});

/** A rollout whose two searches find a file of the same path in two folders, one after the other. */
function rollout(): Promise<Trajectory> {
  const passage = (folder: string, text: string, path?: string) => ({
    id: text,
    title: "Read me",
    text,
    place: readme(folder, path),
  });
  const found = [
    [passage("one", "The dome opens at six."), passage("one", "Only here.", "only.md")],
    [passage("two", "The dome opens at nine.")],
  ];
  const stretch = (text: string, stop: string) => ({ text, finish: { reason: "stop" as const, stop } });
  const { queryOpen, queryClose, answerOpen, answerClose } = docs.tags;
  const policy = scriptedPolicy([
    stretch(`Look. ${queryOpen}dome`, queryClose),
    stretch(`Again. ${queryOpen}dome hours`, queryClose),
    stretch(`${answerOpen}At nine.`, answerClose),
  ]);
  const retriever = { ...functionRetriever((_, asked) => found[asked]!), folders };
  return runRollout(
    { id: "01TEST", question: "When?", profile: docs, policy, retriever },
    { signal: new AbortController().signal, onEvent: () => undefined },
  );
}

test("the policy reads which folder a document is in as soon as two have a file of its path", async () => {
  const { text } = await rollout();
  expect(text).toContain("(1) README.md:3, Read me");
  expect(text).toContain("only.md:3, Read me");
  expect(text).toMatch(/\(\d\) README\.md:3 in notes, Read me\nThe dome opens at nine\./u);
});

test("hits and citations tell their folders in the text, the page and the copied answer", async () => {
  const cited = (folder: string, number: number): Citation => ({
    number,
    quote: "The dome opens",
    passage: "p",
    title: "Read me",
    place: readme(folder),
    status: "verified",
  });
  const answer = {
    text: "x",
    abstained: false,
    sentences: [],
    citations: [cited("one", 1)],
    nearest: [cited("two", 2)],
  };
  const trajectory: Trajectory = { ...(await rollout()), answer };
  const lines = trajectoryText(trajectory).lines.map(({ text }) => text);
  const page = trajectoryArticle(trajectory, undefined);
  for (const told of ["README.md:3 in handbook", "README.md:3 in notes"]) {
    expect(lines.filter((line) => line.includes(told)).length).toBeGreaterThanOrEqual(2);
    expect(page.split(told).length).toBeGreaterThanOrEqual(3);
  }
  expect(page).not.toContain("only.md:3 in");
  expect(answerMarkdown(answer, toldFolders([readme("one"), readme("two")], folders))).toContain(
    "[1] README.md:3 in handbook (verified)",
  );
});
