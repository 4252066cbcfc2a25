import { atifFormat } from "./atif-format.ts";
import type { ExportFormat } from "./export-format.ts";
import { inspectFormat } from "./inspect-format.ts";
import { otelFormat } from "./otel-format.ts";
import { primeFormat } from "./prime-format.ts";
import { r1SearcherFormat } from "./r1-searcher-format.ts";
import { skyrlFormat } from "./skyrl-format.ts";
import { tinkerFormat } from "./tinker-format.ts";
import { trlFormat } from "./trl-format.ts";
import { verlFormat } from "./verl-format.ts";

const searchlightFormat: ExportFormat = {
  name: "searchlight",
  about: "Searchlight's own record, whole",
  shape: "lines",
  record: (trajectory) => ({ ok: true, record: trajectory }),
};

/** Every format that trajectories can be written in. */
export const exportFormats: readonly ExportFormat[] = [
  searchlightFormat,
  r1SearcherFormat,
  verlFormat,
  skyrlFormat,
  trlFormat,
  primeFormat,
  tinkerFormat,
  atifFormat,
  inspectFormat,
  otelFormat,
];
