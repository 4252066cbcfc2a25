import { writeFileSync } from "node:fs";
import { z } from "zod";
import { Profile } from "../server/rollout/profile.ts";

export const profileSchemaFile = "media/schemas/rollout-profile.schema.json";

/** The shape of a profile file as the editor's JSON support reads it: completion, and a squiggle at a wrong field. */
export function profileSchema(): string {
  const schema = z.toJSONSchema(Profile, { target: "draft-7", io: "input" });
  return `${JSON.stringify({ title: "Searchlight rollout profile", ...schema }, null, 2)}\n`;
}

if (import.meta.main) writeFileSync(profileSchemaFile, profileSchema());
