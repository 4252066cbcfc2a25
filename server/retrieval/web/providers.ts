import { brave } from "./brave.ts";
import type { WebProvider } from "./provider.ts";
import { searxng } from "./searxng.ts";
import { serper } from "./serper.ts";
import { tavily } from "./tavily.ts";

export const webProviders: readonly WebProvider[] = [searxng, brave, tavily, serper];
