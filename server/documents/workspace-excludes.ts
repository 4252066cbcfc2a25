import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "jsonc-parser";
import { z } from "zod";
import { ignorePatterns } from "../../protocol/exclude-patterns.ts";

const WorkspaceSettings = z.object({
  "files.exclude": z.unknown(),
  "searchlight.exclude": z.array(z.string()).catch([]),
});

/**
 * What a folder's own `.vscode/settings.json` leaves out, as patterns in the form of `.gitignore`, so that the terminal reads the
 * same files as the editor. None where there are no settings or they cannot be read.
 */
export function workspaceExcludes(folder: string): string[] {
  let text: string;
  try {
    text = readFileSync(join(folder, ".vscode", "settings.json"), "utf8");
  } catch {
    return [];
  }
  const settings = WorkspaceSettings.safeParse(parse(text, [], { allowTrailingComma: true }));
  if (!settings.success) return [];
  return [...ignorePatterns(settings.data["files.exclude"]), ...settings.data["searchlight.exclude"]];
}
