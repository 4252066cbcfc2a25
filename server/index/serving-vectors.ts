import type { Lance } from "../lance.ts";
import type { Embedder } from "../models/embedder.ts";
import type { Database } from "./database.ts";
import type { ServingEmbedder } from "./manifest.ts";
import { type VectorTable, openVectorTable, vectorTableName } from "./vector-table.ts";

/** The vectors of the embedder that served before: searched while those of the chosen one are made beside them. */
export interface ServingVectors {
  readonly embedder: Embedder;
  readonly table: VectorTable;
}

/** Opens them where the earlier embedder can still be had; search goes by words otherwise. */
export async function openServing(
  lance: Lance,
  database: Database,
  serving: ServingEmbedder,
  open: (spec: string) => Promise<Embedder | undefined>,
): Promise<ServingVectors | undefined> {
  const name = vectorTableName(serving.id, serving.dimension);
  if (!(await database.names()).includes(name)) return undefined;
  const embedder = await open(serving.spec);
  if (!embedder) return undefined;
  if (embedder.id !== serving.id || embedder.dimension !== serving.dimension) {
    await embedder.close();
    return undefined;
  }
  return { embedder, table: await openVectorTable(lance, database, name, serving.dimension) };
}
