import { z } from "zod";

/**
 * Settings as a person or a workspace wrote them. The editor hands on whatever stands in the file, so a value of the wrong type counts
 * as not set, and a list keeps what of it is right: one slip must not keep the server from starting.
 */
export const SettingValues = z.object({
  policy: z.string().catch("extractive"),
  profile: z.string().catch("docs"),
  embedder: z.string().catch("minilm"),
  indexOnOpen: z.boolean().catch(true),
  indexPlace: z.string().catch(""),
  exclude: z
    .array(z.unknown())
    .catch([])
    .transform((list) => list.filter((each) => typeof each === "string")),
  proxy: z.string().catch(""),
  "training.service": z.string().catch(""),
});
export type SettingValues = z.infer<typeof SettingValues>;

/** Reads every setting of ours by its name without the section. */
export function settingValues(read: (name: string) => unknown): SettingValues {
  return SettingValues.parse(Object.fromEntries(Object.keys(SettingValues.shape).map((name) => [name, read(name)])));
}
