import { availableParallelism, totalmem } from "node:os";
import { cacheHome, dataHome } from "./home.ts";
import { loadLance } from "./lance.ts";
import { openEmbedder } from "./models/open-embedder.ts";
import { version } from "./version.ts";

/** One fact about this machine, and whether Searchlight can work with it as it is. */
export interface Check {
  name: string;
  ok: boolean;
  detail: string;
}

/** Looks at everything Searchlight leans on. Each check says what to do when it is not ok. */
export async function checkMachine(): Promise<Check[]> {
  const lance = await loadLance();
  const embedding = await openEmbedder("minilm");
  if (embedding.ok) await embedding.embedder.close();
  return [
    { name: "Searchlight", ok: true, detail: version },
    {
      name: "Node",
      ok: supported(process.versions.node),
      detail: `${process.versions.node}, 22.12 or later is needed`,
    },
    {
      name: "Machine",
      ok: true,
      detail: `${process.platform}-${process.arch}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    },
    {
      name: "LanceDB",
      ok: lance.ok,
      detail: lance.ok ? "loaded" : `${lance.reason} Search falls back to words in memory.`,
    },
    {
      name: "Embedder",
      ok: embedding.ok,
      detail: embedding.ok
        ? `${embedding.embedder.id}, ${embedding.embedder.dimension} dimensions, a vector was made`
        : `${embedding.reason} Search uses words only.`,
    },
    { name: "Data", ok: true, detail: dataHome() },
    { name: "Cache", ok: true, detail: cacheHome() },
  ];
}

function supported(node: string): boolean {
  const [major = 0, minor = 0] = node.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 12);
}
