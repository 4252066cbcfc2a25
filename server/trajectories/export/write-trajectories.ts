import { type FileHandle, open, rename, rm } from "node:fs/promises";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import type { ExportFormat } from "./export-format.ts";
import { inspectHeader } from "./inspect-format.ts";
import { TrajectoryTable } from "./trajectory-table.ts";

export interface Written {
  written: number;
  /** Trajectories that the format cannot hold. */
  refused: { id: string; reason: string }[];
}

/**
 * Writes trajectories to a file in a format, beside it first, so that a failure leaves no half of a file under its name; nothing
 * is written where the format holds none of them. Lines and logs are streamed; a table is held until it is whole. Throws what the file system throws, and what the trajectories throw.
 */
export async function writeTrajectories(
  path: string,
  format: ExportFormat,
  trajectories: AsyncIterable<Trajectory>,
): Promise<Written> {
  const partial = `${path}.partial`;
  const file = await open(partial, "w");
  const result: Written = { written: 0, refused: [] };
  try {
    const sink = sinkOf(format, file);
    for await (const trajectory of trajectories) {
      const refusal = await sink.add(trajectory);
      if (refusal === undefined) result.written += 1;
      else result.refused.push({ id: trajectory.id, reason: refusal });
    }
    if (result.written > 0) await sink.end();
    await file.close();
    if (result.written > 0) await rename(partial, path);
    else await rm(partial, { force: true });
    return result;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}

interface Sink {
  /** Undefined when it was taken, else why not. */
  add(trajectory: Trajectory): Promise<string | undefined>;
  end(): Promise<void>;
}

function sinkOf(format: ExportFormat, file: FileHandle): Sink {
  if (format.shape === "table") {
    const table = new TrajectoryTable();
    return {
      add: async (trajectory) => {
        const exported = format.record(trajectory);
        return exported.ok ? table.add(exported.record) : exported.reason;
      },
      end: async () => void (await file.write(await table.bytes())),
    };
  }
  let count = 0;
  return {
    async add(trajectory) {
      const exported = format.record(trajectory);
      if (!exported.ok) return exported.reason;
      const json = jsonText(exported.record);
      if (json === undefined) return "it nests too deeply to be written";
      if (format.shape === "lines") await file.write(`${json}\n`);
      else await file.write(count === 0 ? `${openLog(trajectory)}${json}` : `,\n${json}`);
      count += 1;
      return undefined;
    },
    async end() {
      if (format.shape === "log") await file.write("\n]}\n");
    },
  };
}

/** The header as an object that is left open at its list of samples. */
function openLog(first: Trajectory): string {
  const header = JSON.stringify({ ...inspectHeader(first), samples: [] });
  return `${header.slice(0, -2)}\n`;
}

function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
