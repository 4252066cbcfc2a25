import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Override {
  files: string[];
  rules: { "no-restricted-imports": "off" | [string, { patterns: { regex: string }[] }] };
}

const { overrides } = JSON.parse(readFileSync(".oxlintrc.json", "utf8")) as { overrides: Override[] };

/** The rooms of the server as ARCHITECTURE.md's table has them, each with the rooms it may import. */
const table = new Map<string, readonly string[]>(
  [...readFileSync("ARCHITECTURE.md", "utf8").matchAll(/^\| `server\/(\w+)\/` \|.*\| (.+) \|$/gm)].map((row) => [
    row[1]!,
    row[2]!.match(/\w+/g) ?? [],
  ]),
);

/** Whether lint lets a file of `room` import from `other`. */
function lintAllows(room: string, other: string): boolean {
  const rules = overrides.find(({ files }) => files.includes(`server/${room}/**/*.ts`))?.rules["no-restricted-imports"];
  if (!Array.isArray(rules)) throw new Error(`Lint has no rule for server/${room}.`);
  return !rules[1].patterns.some(({ regex }) => new RegExp(regex).test(`../${other}/file.ts`));
}

test("the architecture names the rooms of the server", () => {
  expect(table.size).toBeGreaterThan(8);
});

test.each([...table.keys()])(
  "lint lets server/%s import the rooms that the architecture's table gives it, and no other",
  (room) => {
    const others = [...table.keys()].filter((other) => other !== room);
    expect(others.filter((other) => lintAllows(room, other))).toEqual(
      others.filter((other) => table.get(room)!.includes(other)),
    );
  },
);
