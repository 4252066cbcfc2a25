import type { Profile } from "../profile.ts";
import { docs } from "./docs.ts";
import { r1SearcherEvalV0 } from "./r1-searcher-eval-v0.ts";
import { r1SearcherInstruct } from "./r1-searcher-instruct.ts";
import { r1Searcher } from "./r1-searcher.ts";
import { searchR1 } from "./search-r1.ts";

export const builtInProfiles: readonly Profile[] = [docs, r1Searcher, r1SearcherInstruct, r1SearcherEvalV0, searchR1];
