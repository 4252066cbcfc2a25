import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runPaths } from "../../../server/runs/run-paths.ts";
import { openTrajectoryStore, TrajectoryReader } from "../../../server/runs/trajectory-store.ts";
import { sampleTrajectory } from "../../fixtures/trajectory.ts";

/** Short and long records in turn, some longer than what is written in one go, with characters of one to four bytes, with tokens and without. */
const trajectories = Array.from({ length: 12 }, (_, at) =>
  sampleTrajectory({
    id: `t${at}`,
    question: "Größe 想 👩‍🚀 ?".repeat(at % 3 === 0 ? 1 : at % 3 === 1 ? 9000 : 60_000),
    ...(at % 2 === 0
      ? {}
      : { tokens: { tokenizer: "“bytes”", ids: [at, 300, 7], logprobs: [null, -0.1 * at, -1e-9], kl: [] } }),
  }),
);

test("records of any length are found where the index says they are", () => {
  const scratch = mkdtempSync(join(tmpdir(), "searchlight-store-"));
  try {
    const paths = runPaths(join(scratch, "run"));
    mkdirSync(paths.folder);
    const store = openTrajectoryStore(paths);
    store.keep([]);
    store.keep(trajectories.slice(0, 7));
    store.keep(trajectories.slice(7));
    store.close();
    expect(readFileSync(paths.trajectories, "utf8")).toBe(
      trajectories.map((trajectory) => `${JSON.stringify(trajectory)}\n`).join(""),
    );
    expect(new TrajectoryReader(paths).byId(["t8", "t0", "t7", "t11"])).toEqual(
      [8, 0, 7, 11].map((at) => trajectories[at]),
    );
    // An index that is made again from the records is the same.
    const index = readFileSync(paths.trajectoryIndex, "utf8");
    writeFileSync(paths.trajectoryIndex, "{}\n");
    openTrajectoryStore(paths).close();
    expect(readFileSync(paths.trajectoryIndex, "utf8")).toBe(index);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});
