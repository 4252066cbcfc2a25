// Everything between a fresh clone and a program that runs. Each part looks first and does nothing when nothing is missing,
// so that a second time takes a moment and no network. Runs on Node 20 before any package is installed.
import { buildIfChanged } from "./build-stamp.mjs";
import { ensureDependencies } from "./dependencies.mjs";
import { say } from "./failure.mjs";
import { fetchModel } from "./models.mjs";
import { ensureNode } from "./own-node.mjs";

/**
 * Node, packages and build. Answers the Node to run Searchlight with. Throws `Failure`.
 */
export async function setUp({ production = false } = {}) {
  const node = await ensureNode();
  await ensureDependencies();
  await buildIfChanged(node, { production });
  return { node };
}

/** Gets a model's files. Answers undefined when they are there, else one sentence on what is missing and why. */
export async function setUpModel(name, consequence) {
  const outcome = await fetchModel(name);
  if (outcome.ok) {
    if (outcome.fetched) say(`Fetched the model ${name}`);
    return undefined;
  }
  return `The model ${name} could not be fetched, ${consequence} (${outcome.reason}).`;
}
