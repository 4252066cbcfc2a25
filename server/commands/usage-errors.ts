import type { Command } from "commander";
import { visible } from "./visible-text.ts";

/**
 * Tells a command and all below it to throw instead of ending the process, and to say after a wrong usage where that command's own
 * help is; nothing that is quoted in it is obeyed by a terminal. A group that lists something when it is called alone (`runs`) refuses a word that is none of its commands as unknown.
 */
export function tellWrongUsage(command: Command, path = command.name()): void {
  const lists = command.commands.length > 0 ? "commands" : "arguments and options";
  // What is quoted may be names of files that a shell put in the place of `*`.
  command.configureOutput({ outputError: (text, write) => write(visible(text)) });
  command.exitOverride().showHelpAfterError(`(${path} --help lists its ${lists})`);
  if (command.commands.length > 0 && command.registeredArguments.length === 0)
    command.allowExcessArguments().hook("preAction", (group, called) => {
      if (called === group && group.args.length > 0) group.error(`error: unknown command '${group.args[0]}'`);
    });
  for (const sub of command.commands) tellWrongUsage(sub, `${path} ${sub.name()}`);
}
