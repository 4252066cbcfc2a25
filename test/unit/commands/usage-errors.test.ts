import { Command } from "commander";
import { afterEach, expect, test, vi } from "vitest";
import { tellWrongUsage } from "../../../server/commands/usage-errors.ts";

afterEach(() => void vi.restoreAllMocks());

test.each([
  ["an argument too many, as a shell makes of *", ["runs", "show", "a", "\u001b[2J\u202eb.md"]],
  ["an unknown option", ["runs", "show", "a", "--\u001b[2J\u202e"]],
  ["an unknown command", ["runs", "\u001b[2J\u202e"]],
])("what is quoted of wrong usage is no order to a terminal: %s", async (_, args) => {
  const program = new Command("searchlight");
  const runs = program.command("runs").action(() => undefined);
  runs
    .command("show")
    .argument("<run>")
    .action(() => undefined);
  tellWrongUsage(program);
  let said = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((said += String(text)), true));
  await expect(program.parseAsync(args, { from: "user" })).rejects.toThrow();
  expect(said).toContain("\\u{1b}[2J\\u{202e}");
  expect(said).toContain("--help lists its");
  expect(said).not.toMatch(/[\u001b\u202e]/u);
});
