import { opendir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { answerMetricNames } from "../rewards/reward-profile.ts";
import { rewardProfiles } from "../rewards/profiles.ts";
import { modelFolders } from "../engine/model-folders.ts";
import { builtInProfiles } from "../rollout/profile.ts";

/** A word that a field of a recipe takes. */
export interface Choice {
  value: string;
  about: string;
  kind: "name" | "file" | "folder";
}

const mostFiles = 200;

/** Fields that hold a path relative to the recipe. */
const pathFields = [
  /^(?:stages\.\d+\.|evaluation\.)?data\.\d+\.file$/,
  /^supervised\.files\.\d+$/,
  /^retrieval\.index$/,
];

/**
 * What may stand at a field of a recipe: names that this machine knows, and files beside the recipe. Empty for fields whose words
 * the schema has.
 */
export async function recipeChoices(field: string, typed: string, recipeFile: string | undefined): Promise<Choice[]> {
  if (/^stages\.\d+\.reward$/.test(field)) return rewardChoices();
  if (field === "profile") return [...profileChoices(), ...(await files(typed, recipeFile))];
  if (field === "model.base") return [...modelChoices(), ...(await files(typed, recipeFile))];
  if (field === "retrieval.embedder") {
    return [
      name("none", "Search by words alone."),
      name("minilm", "Built in; works offline."),
      name("openai:MODEL@URL", "An OpenAI-compatible server of embeddings."),
    ];
  }
  return pathFields.some((pattern) => pattern.test(field)) ? files(typed, recipeFile) : [];
}

function rewardChoices(): Choice[] {
  return rewardProfiles.flatMap(({ name: profile, about, answer }) => [
    name(profile, about),
    ...answerMetricNames
      .filter((metric) => answer !== undefined && answer.metric !== metric)
      .map((metric) => name(`${profile}+${metric}`, `${profile} with the answer measured by ${metric}.`)),
  ]);
}

function profileChoices(): Choice[] {
  return builtInProfiles.map((profile) => name(profile.name, profile.about));
}

function modelChoices(): Choice[] {
  return [
    name("tiny", "A tiny model made from the documents, to try the whole path on any machine."),
    ...modelFolders().map((model) => name(model.name, `Model folder on this machine: ${model.folder}`)),
  ];
}

function name(value: string, about: string): Choice {
  return { value, about, kind: "name" };
}

/** Entries of the folder that was typed so far, without those that begin with a dot. */
async function files(typed: string, recipeFile: string | undefined): Promise<Choice[]> {
  if (recipeFile === undefined) return [];
  const before = typed.slice(0, typed.lastIndexOf("/") + 1);
  const choices: Choice[] = [];
  try {
    for await (const entry of await opendir(join(dirname(recipeFile), before))) {
      if (entry.name.startsWith(".") || entry.name === basename(recipeFile)) continue;
      const folder = entry.isDirectory();
      if (!folder && !entry.isFile()) continue;
      choices.push({
        value: `${before}${entry.name}`,
        about: folder ? "Folder" : "File",
        kind: folder ? "folder" : "file",
      });
      if (choices.length >= mostFiles) break;
    }
  } catch {
    return []; // What was typed is no folder.
  }
  return choices.toSorted((a, b) => (a.value < b.value ? -1 : 1));
}
