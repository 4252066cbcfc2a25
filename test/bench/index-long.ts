// What takes long of the index's figures, each kept when it is done, for the pages of later runs: node test/bench/index-long.ts million | PASSAGES:EDITS …
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { join } from "node:path";
import { longLivedEnvironment } from "../../protocol/process-environment.ts";
import type { EditsBench } from "./index-edits.ts";
import type { ScaleBench } from "./index-scale.ts";
import { keptLongBench, keptLongFile } from "./scale-section.ts";

const load = loadavg()[0]!;
const shared = load > 1 ? `, shared with other programs (load ${load.toFixed(0)} at its start)` : "";
const machine = `${process.platform}-${process.arch}, ${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"}), Node ${process.versions.node}${shared}`;

for (const wanted of process.argv.slice(2)) {
  const edits = /^(?<passages>\d+):(?<edits>\d+)$/u.exec(wanted)?.groups;
  if (wanted !== "million" && !edits) throw new Error(`${wanted} is neither "million" nor PASSAGES:EDITS.`);
  const from = performance.now();
  if (edits) {
    const figures = measured<EditsBench>("index-edits.ts", edits["passages"]!, edits["edits"]!);
    const kept = keptLongBench();
    const others = (kept.edited ?? []).filter((each) => each.figures.passages !== figures.passages);
    const edited = [...others, { ...measuredNow(), figures }];
    keep({ ...kept, edited: edited.sort((a, b) => a.figures.passages - b.figures.passages) });
  } else {
    const figures = measured<ScaleBench>("index-scale.ts", "1000000");
    keep({ ...keptLongBench(), million: { ...measuredNow(), figures } });
  }
  console.error(`${wanted}: kept after ${((performance.now() - from) / 60_000).toFixed(1)} minutes`);
}

function measured<T>(script: string, ...args: string[]): T {
  const line = execFileSync(process.execPath, [join(import.meta.dirname, script), ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 2 ** 24,
    env: { ...process.env, ...longLivedEnvironment(process.env) },
  });
  return JSON.parse(line) as T;
}

function measuredNow(): { measuredOn: string; machine: string } {
  return { measuredOn: new Date().toISOString().slice(0, 10), machine };
}

function keep(bench: ReturnType<typeof keptLongBench>): void {
  writeFileSync(keptLongFile, `${JSON.stringify(bench, undefined, 2)}\n`);
}
