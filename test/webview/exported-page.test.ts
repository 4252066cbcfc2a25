import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import { type Browser, type Page, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Reward } from "../../protocol/reward.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { findChromium } from "../../scripts/chromium.mjs";
import { pageFrame, trajectoryArticle } from "../../server/commands/trajectory-page.ts";
import { filledTrajectory } from "../fixtures/filled-trajectory.ts";
import { citations, twoHopStory } from "../fixtures/story.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const address = "https://page.test/";

let browser: Browser;
beforeAll(async () => {
  const executablePath = findChromium();
  if (!executablePath) throw new Error("No Chromium was found; install one or name it in SEARCHLIGHT_CHROMIUM.");
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});
afterAll(() => browser?.close());

type Scheme = { colorScheme: "light" | "dark"; forcedColors?: "active" };

/** An exported page in a browser, with every address it asked for and every breach of its policy. */
async function open(trajectory: Trajectory, reward?: Reward, scheme: Scheme = { colorScheme: "light" }) {
  const context = await browser.newContext(scheme);
  const page = await context.newPage();
  const asked: string[] = [];
  const faults: string[] = [];
  const { head, foot } = pageFrame(trajectory.question);
  await page.route("**", (route) => {
    const url = route.request().url();
    if (url !== address || asked.length > 0) {
      asked.push(url);
      return route.abort();
    }
    asked.push(url);
    return route.fulfill({ contentType: "text/html", body: head + trajectoryArticle(trajectory, reward) + foot });
  });
  page.on("console", (message) => faults.push(message.text()));
  page.on("dialog", (dialog) => (faults.push(dialog.message()), dialog.dismiss()));
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto(address);
  return { page, asked, faults };
}

/** Every element with its attributes, in order: what markup a page consists of, without its texts. */
function skeleton(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("*")].map(
      ({ localName, attributes }) =>
        `${localName} ${[...attributes].map(({ name, value }) => `${name}=${value}`).join(" ")}`,
    ),
  );
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n")}`);
}

const payloads = {
  script: "<script>alert(1)</script></style></title></pre><script src=https://evil.test/x.js></script>",
  image: `"><img src=x onerror=alert(1)><img src="https://evil.test/p.png">`,
  link: `<a href="javascript:alert(1)">x</a><base href=https://evil.test/><link rel=stylesheet href=https://evil.test/s.css>`,
  refresh: `<meta http-equiv=refresh content="0;url=https://evil.test/"><iframe src=https://evil.test></iframe>`,
  style: `</style><style>@import "https://evil.test/s.css"; body { background: url(https://evil.test/b) }</style>`,
  vector: `<svg onload=alert(1)><animate onbegin=alert(1)></svg><math href="javascript:alert(1)">`,
  form: `<form action=https://evil.test><input autofocus onfocus=alert(1)><button></form>`,
  entity: "&lt;script&gt;alert(1)&lt;/script&gt; &#60;img src=x onerror=alert(1)&#62; ' onmouseover='alert(1)",
  comment: "<!-- --!><script>alert(1)</script><![CDATA[ ]]> <?php ?> <!doctype html></main></body></html>",
};

for (const [name, payload] of Object.entries(payloads)) {
  test(`a ${name} payload in every field is text on the page: no element, no request`, async () => {
    const hostile = filledTrajectory(payload);
    const harmless = filledTrajectory("a".repeat(payload.length));
    const { page, asked, faults } = await open(hostile.trajectory, hostile.reward);
    expect(await page.locator("pre").nth(1).textContent()).toBe(payload);
    await page.locator("summary").click();
    await page.waitForTimeout(100);
    const plain = await open(harmless.trajectory, harmless.reward);
    await plain.page.locator("summary").click();
    expect(await skeleton(page)).toEqual(await skeleton(plain.page));
    expect({ asked, faults }).toEqual({ asked: [address], faults: [] });
    await page.context().close();
    await plain.page.context().close();
  });
}

test("the page's own policy stops a script and an image that stand in it against all care", async () => {
  const { page, asked, faults } = await open(twoHopStory().trajectory);
  await page.evaluate(() => {
    document.body.append(Object.assign(document.createElement("img"), { src: "https://evil.test/p.png" }));
    document.body.append(Object.assign(document.createElement("script"), { textContent: "document.title = 'run'" }));
    document.body.setAttribute("style", "background: url(https://evil.test/b)");
  });
  await expect.poll(() => faults.filter((fault) => /Content Security Policy/u.test(fault)).length).toBeGreaterThan(2);
  expect(asked).toEqual([address]);
  expect(await page.title()).not.toBe("run");
});

test("control and direction characters appear as code points", async () => {
  const { page } = await open(filledTrajectory("a\u202egpj.exe\u0000\u001b[2J\u2066b").trajectory);
  expect(await page.locator("body").textContent()).not.toMatch(/[\u0000\u001b\u202e\u2066\ufffd]/u);
  expect(await page.locator("dd").first().textContent()).toBe("a\\u{202e}gpj.exe\\u{0}\\u{1b}[2J\\u{2066}b");
});

const { trajectory } = twoHopStory();
const answered: Trajectory = {
  ...trajectory,
  golds: ["FW-2"],
  answer: {
    text: "FW-2.",
    abstained: false,
    sentences: [
      { text: "FW-2.", citations: [1], supported: true },
      { text: "Or not.", citations: [], supported: false },
    ],
    citations,
    nearest: [],
    notice: "No language model wrote this.",
  },
};
const reward: Reward = {
  profile: "released-qwen",
  total: -1.33,
  components: [
    { name: "answer", value: 0.67, weight: 1, violations: [] },
    {
      name: "format",
      value: -2,
      weight: 1,
      violations: [
        { rule: "tag-counts", points: -2, start: 60, end: 80, message: "Tags differ." },
        { rule: "chinese", points: 0, start: 70, end: 90, message: "A character." },
      ],
    },
  ],
};

for (const scheme of [
  { colorScheme: "light" },
  { colorScheme: "dark" },
  { colorScheme: "dark", forcedColors: "active" },
] as const) {
  const name = "forcedColors" in scheme ? "forced colours" : scheme.colorScheme;
  test(`masked spans have pattern, border and label, and nothing is inaccessible, in ${name}`, async () => {
    const { page } = await open(answered, reward, scheme);
    await page.locator("summary").click();
    const masked = page.locator("section.masked");
    const environment = answered.segments.filter(({ origin }) => origin === "environment");
    expect(await masked.count()).toBe(environment.length);
    expect(await masked.first().locator(".label").textContent()).toBe("masked, not trained on");
    const style = await masked.first().evaluate((section) => {
      const { borderTopStyle, backgroundImage } = getComputedStyle(section);
      return { borderTopStyle, backgroundImage };
    });
    expect(style.borderTopStyle).toBe("dashed");
    expect(style.backgroundImage).toContain("repeating-linear-gradient");
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: `out/screenshots/exported-${name.replace(" ", "-")}.png`, fullPage: true });
    await page.context().close();
  });
}

test("the reward is a table with each broken rule, and the ranges they name are marked once in the text", async () => {
  const { page } = await open(answered, reward);
  await page.locator("summary").click();
  const table = page.getByRole("table", { name: "-1.33 by released-qwen" });
  expect(await table.getByRole("row").allTextContents()).toEqual([
    expect.stringContaining("Rule broken"),
    "answer0.6710.67",
    "format-21-2",
    "-2tag-counts at 60-80: Tags differ.",
    "alsochinese at 70-90: A character.",
  ]);
  const marked = await page.locator("mark").allTextContents();
  expect(marked.join("")).toBe(answered.text.slice(60, 90));
});
