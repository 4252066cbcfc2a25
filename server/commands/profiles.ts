import type { Command } from "commander";
import { type Profile, builtInProfiles, loadProfile } from "../rollout/profile.ts";
import { fillPrompt } from "../rollout/prompt.ts";
import { CommandError, exitCodes, print, printJson } from "./output.ts";
import { visible } from "./visible-text.ts";

const sampleQuestion = "Which instrument was installed first?";

export function addProfilesCommand(program: Command): void {
  const command = program
    .command("profiles")
    .description("The rollout profiles, and the exact prompt that one makes of a question.")
    .option("--json", "one JSON object on standard output")
    .action((options: { json?: boolean }) => listProfiles(options.json === true));

  command
    .command("list")
    .description("All built-in profiles, as without a command.")
    .option("--json", "one JSON object on standard output")
    // A parent with the same option takes it before its subcommand does.
    .action((_: object, self: Command) => listProfiles(self.optsWithGlobals<{ json?: boolean }>().json === true));

  command
    .command("show")
    .description("The exact text that a rollout of a profile starts with.")
    .argument("<name>", "profile name, or a profile file")
    .option("--question <text>", "question put into the prompt", sampleQuestion)
    .option("--json", "one JSON object on standard output, the whole profile in it")
    .action(async (name: string, options: { question: string; json?: boolean }, self: Command) => {
      const loaded = await loadProfile(name);
      if (!loaded.ok) throw new CommandError(loaded.reason, exitCodes.usage);
      const { json } = self.optsWithGlobals<{ json?: boolean }>();
      showProfile(loaded.profile, options.question, json === true);
    });
}

function listProfiles(json: boolean): void {
  if (json) return printJson({ profiles: builtInProfiles.map(({ name, about }) => ({ name, about })) });
  const width = Math.max(...builtInProfiles.map(({ name }) => name.length));
  for (const { name, about } of builtInProfiles) print(`${name.padEnd(width)}  ${about}`);
}

function showProfile(profile: Profile, question: string, json: boolean): void {
  const { system, user, prefix, text } = fillPrompt(profile, question);
  if (json) printJson({ profile, question, prompt: { system, user, prefix, text } });
  else print(visible(text));
}
