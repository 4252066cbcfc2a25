import { afterAll, beforeAll, expect, test } from "vitest";
import { type Program, program } from "./program.ts";

let searchlight: Program;

beforeAll(() => {
  searchlight = program();
});

afterAll(() => searchlight[Symbol.dispose]());

test.each([
  ["an option", ["search", ".", "pump", "--embeder", "none"], "unknown option '--embeder'", "searchlight search"],
  ["a command", ["serch", ".", "pump"], "unknown command 'serch'", "searchlight"],
  ["a command of a group", ["trajectories", "lst", "."], "unknown command 'lst'", "searchlight trajectories"],
  ["a command of a group that lists", ["runs", "lst"], "unknown command 'lst'", "searchlight runs"],
  ["an absent argument", ["runs", "show"], "missing required argument 'run'", "searchlight runs show"],
])("%s that is wrong is named, with the help that tells what is right", async (_, args, fault, command) => {
  const { code, stdout, stderr } = await searchlight.run(args);
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain(`error: ${fault}`);
  expect(stderr).toContain(`(${command} --help lists its `);
});

test.each(["models", "profiles", "runs"])("%s lists, with and without the word list", async (group) => {
  const alone = await searchlight.json([group]);
  expect(await searchlight.json([group, "list"])).toEqual(alone);
});

test("the help names the commands, the variables, the exit codes and a first command", async () => {
  const { code, stdout } = await searchlight.run(["--help"]);
  expect(code).toBe(0);
  for (const part of ["ask [options]", 'searchlight ask DIR "QUESTION"', "SEARCHLIGHT_HOME", "130 stopped by Ctrl-C"])
    expect(stdout).toContain(part);
});
