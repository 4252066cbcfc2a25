import { openRecipe } from "./open-recipe.ts";
import { runEntry } from "./runs/run-entry.ts";
import { runTraining } from "./training/loop/run-training.ts";

// The process of a training run: `run-entry.ts` says how it lives and ends.
void runEntry({ open: openRecipe, train: runTraining });
