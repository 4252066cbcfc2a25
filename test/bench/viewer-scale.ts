// node test/bench/viewer-scale.ts COUNT: measures the viewer over so many generated trajectories and prints the figures as JSON.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TrajectoryFiles } from "../../server/editor/trajectory-files.ts";
import { benchViewerFile, indexHome, type ViewerFileBench } from "./viewer-file.ts";
import { benchViewerPage, type ViewerPageBench } from "./viewer-page.ts";
import { paragraphsUnder, writeRecords } from "./viewer-records.ts";

export interface ViewerBench {
  file: ViewerFileBench;
  page: ViewerPageBench;
}

const root = join(import.meta.dirname, "..", "..");
const texts = [join(root, "samples", "observatory"), join(root, "..", "shared", "data", "docs")];

const [count, out] = process.argv.slice(2);
if (import.meta.main && out !== undefined) {
  writeRecords(out, Number(count), texts);
} else if (import.meta.main) {
  const folder = mkdtempSync(join(tmpdir(), "searchlight-viewer-bench-"));
  try {
    const path = join(folder, "bench.trajectories.jsonl");
    // In a process of its own, so that what it leaves in memory is not measured.
    execFileSync(process.execPath, [import.meta.filename, count ?? "5000", path]);
    const files = new TrajectoryFiles(new AbortController().signal, undefined, () => indexHome(folder));
    const file = await benchViewerFile(path, indexHome(folder), files);
    const page = await benchViewerPage(path, files, texts.flatMap(paragraphsUnder));
    console.log(JSON.stringify({ file, page } satisfies ViewerBench));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.exit(0);
}
