import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { annotationsPath } from "../../protocol/annotations.ts";
import { AnnotationFile } from "../../server/trajectories/annotations/annotation-file.ts";
import { subjectOf } from "../../server/trajectories/annotations/subject.ts";
import { filledTrajectory } from "../fixtures/filled-trajectory.ts";
import { payloads } from "../fixtures/payloads.ts";
import { type ServedFile, serveFile } from "./file-page.ts";
import { startViewer, type ViewerPage } from "./viewer-page.ts";

let viewer: Awaited<ReturnType<typeof startViewer>>;
let served: ServedFile | undefined;
beforeAll(async () => {
  viewer = await startViewer();
});
afterEach(() => {
  served?.close();
  served = undefined;
});
afterAll(() => viewer?.close());

function annotationsOf(payload: string) {
  const at = "2026-01-01T00:00:00.000Z";
  return { tags: [payload], excluded: true, notes: [{ id: payload, text: payload, span: { start: 0, end: 9 }, at }] };
}

async function expectNothingTaken({ page, foreignRequests, faults }: ViewerPage): Promise<void> {
  expect(foreignRequests).toEqual([]);
  expect(faults).toEqual([]);
  const page_ = await page.evaluate(() => ({
    taken: (window as unknown as { taken?: boolean }).taken,
    polluted: ({} as { polluted?: boolean }).polluted,
    scripts: document.scripts.length,
    elements: document.querySelectorAll(
      "img, iframe, object, embed, base, a[href], link:not([rel=stylesheet]), form[action], video, audio, style, svg",
    ).length,
    address: location.href,
  }));
  expect(page_).toEqual({
    taken: undefined,
    polluted: undefined,
    scripts: 1,
    elements: 0,
    address: "https://viewer.test/",
  });
}

/** Nothing that can be seen or heard holds a character that changes how the text around it reads. */
async function expectNothingUnseen({ page }: ViewerPage): Promise<void> {
  const unseen = await page.evaluate(() => {
    const pattern =
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]|\u{e0041}/u;
    const texts: string[] = [document.body.innerText];
    for (const element of document.querySelectorAll("[title], [aria-label]"))
      texts.push(element.getAttribute("title") ?? "", element.getAttribute("aria-label") ?? "");
    return texts.filter((text) => pattern.test(text)).map((text) => text.slice(0, 200));
  });
  expect(unseen).toEqual([]);
}

for (const [name, payload] of Object.entries(payloads)) {
  test(`a ${name} payload in every field stays text in the Trajectory view`, async () => {
    const view = await viewer.open({ width: 600 });
    const { trajectory, reward } = filledTrajectory(payload);
    const shown = {
      ...trajectory,
      sampling: { temperature: 1 },
      training: { step: 1, stage: payload, group: payload, sample: 0 },
      source: { format: payload, extra: { [payload]: payload } },
      tokens: { tokenizer: payload, ids: [1, 2, 3], logprobs: [null, -1, -2] },
    };
    await view.post("show", { trajectory: shown, live: false, empty: "no-question", banner: payload, policy: payload });
    await view.post("inspected", {
      trajectoryId: payload,
      reward,
      verdict: {
        agree: false,
        disagreements: [{ kind: payload, found: "text", start: 1, end: 9, tokens: 1, message: payload }],
      },
      files: [],
      annotations: annotationsOf(payload),
    });
    await view.page.getByRole("region", { name: "Mask audit" }).waitFor();
    await view.page.getByRole("region", { name: "Annotations" }).getByRole("button", { name: "Note" }).first().click();
    await view.page.getByRole("textbox", { name: "Note" }).fill(payload);
    await view.unfoldAll();
    await view.page.locator(".rule").first().click();
    await expectNothingUnseen(view);
    await expectNothingTaken(view);
    await view.page.getByRole("button", { name: "Tokens", exact: true }).click();
    await view.post("tokenTexts", { trajectoryId: payload, texts: [payload, payload, payload] });
    await view.page.locator("#token-2").waitFor();
    await view.page.locator("#token-2").hover();
    await expectNothingUnseen(view);
    await expectNothingTaken(view);
  });

  test(`a ${name} payload in every field stays text in the page of a file`, async () => {
    const view = await viewer.open({ name: "trajectories", width: 1200 });
    const { trajectory, reward } = filledTrajectory(payload);
    const rows = [1, 2].map((step) => ({
      ...trajectory,
      profile: "r1-searcher",
      reward: { ...reward, total: step },
      training: { step, stage: payload, group: payload, sample: step },
      text: trajectory.text,
    }));
    const content = `${rows.map((row) => JSON.stringify(row)).join("\n")}\n${payload}\n`;
    served = await serveFile(view, content, content);
    await view.page.locator("#row-1 .row-question").waitFor();
    await view.page.getByRole("region", { name: "Record" }).waitFor();
    const notes = new AnnotationFile(annotationsPath(served.path));
    const tag = payload.slice(0, 60).trim() || "tag";
    notes.add(subjectOf(trajectory), { kind: "tag", tag, on: true });
    notes.add(subjectOf(trajectory), { kind: "note", text: payload, span: { start: 0, end: 5 } });
    await served.tell();
    await view.page.locator("#row-1 .row-marks").waitFor();
    await view.page.locator(".note-text").first().waitFor();
    await view.page.getByRole("button", { name: "Tag", exact: true }).click();
    await view.unfoldAll();
    await expectNothingUnseen(view);
    for (const tab of ["Group", "Across steps"]) {
      await view.page.getByRole("tab", { name: tab }).click();
      await view.page
        .locator(tab === "Group" ? ".columns .text" : ".changes .text")
        .first()
        .waitFor();
      await view.unfoldAll();
      await expectNothingUnseen(view);
    }
    await view.page.locator(".problems summary").click();
    await expectNothingUnseen(view);
    await expectNothingTaken(view);
    await view.post("file", { name: payload, against: payload });
    const filter = { tag, text: payload };
    await view.post("savedFilters", { filters: [{ name: tag, filter, sort: { key: "line", descending: false } }] });
    await view.page.getByText("Stop comparing").waitFor();
    await view.page.getByRole("tab", { name: "Comparison" }).click();
    await view.page.locator("#saved-filter").selectOption({ index: 1 });
    await view.page.locator("button", { hasText: "Forget" }).waitFor();
    await expectNothingUnseen(view);
    await expectNothingTaken(view);
    const methods = new Set((await view.sent()).map(({ method }) => method));
    expect([...methods].filter((method) => !["ready", "rows", "record"].includes(method))).toEqual([]);
  });
}

test("messages that no editor sends change nothing: wrong shapes, names of the object's own, and other pages' messages", async () => {
  const view = await viewer.open();
  await view.page.evaluate(() => {
    const messages: unknown[] = [
      null,
      "show",
      { method: "__proto__", params: { polluted: true } },
      { method: "constructor", params: {} },
      { method: "toString" },
      { method: "show", params: { trajectory: { id: 5 } } },
      { method: "rows", params: { request: "list:0:0", page: {} } },
      JSON.parse('{"method":"show","params":{"__proto__":{"polluted":true}}}'),
    ];
    for (const message of messages) window.postMessage(message, "*");
  });
  await expect.poll(async () => (await view.sent()).filter(({ method }) => method === "fault").length).toBe(2);
  await expectNothingTaken(view);
});
