import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { modelServer, streams, textEvents } from "../fixtures/model-server.ts";
import { program } from "./program.ts";

/** A path of the only project's files; undefined before there is one. */
function inProject(dataHome: string, ...path: string[]): string | undefined {
  const projects = join(dataHome, "projects");
  const [project] = existsSync(projects) ? readdirSync(projects) : [];
  return project && join(projects, project, ...path);
}

/** Waits until the first passages of the only project are on disk, so that a signal comes in the middle of the work, before the vectors. */
async function indexBegun(dataHome: string): Promise<void> {
  for (;;) {
    const passages = inProject(dataHome, "index", "tables", "passages.lance");
    if (passages && existsSync(passages)) return;
    await pause(5);
  }
}

test("Ctrl-C in the middle of indexing ends with 130; the next run goes on and completes the index", async () => {
  using cli = program();
  const { child, ended } = cli.start(["index", cli.folder]);
  await indexBegun(cli.dataHome);
  child.kill("SIGINT");
  expect(await ended).toMatchObject({ code: 130 });
  const { status } = (await cli.json(["index", cli.folder])) as {
    status: { state: string; files: number; vectors: { done: number; total: number } };
  };
  expect(status.state).toBe("ready");
  expect(status.vectors.done).toBe(status.vectors.total);
});

test("a program killed in the middle of indexing leaves an index that the next run completes, with the same passages as an undisturbed one", async () => {
  using killed = program();
  using calm = program();
  const { child, ended } = killed.start(["index", killed.folder]);
  await indexBegun(killed.dataHome);
  child.kill("SIGKILL");
  expect(await ended).toMatchObject({ signal: "SIGKILL" });
  const after = (await killed.json(["index", killed.folder])) as { status: { role: string } };
  expect(after.status.role).toBe("writer");
  const undisturbed = await calm.json(["index", calm.folder]);
  const counts = ({ status }: Record<string, unknown>) => {
    const { state, files, passages, vectors } = status as Record<string, unknown>;
    return { state, files, passages, vectors };
  };
  expect(counts(after)).toEqual(counts(undisturbed));
});

test("Ctrl-C in the middle of a question ends with 130 and keeps what there was", async () => {
  using cli = program();
  await cli.run(["index", cli.folder, "--embedder", "none"]);
  const words = Array.from({ length: 200 }, (_, index) => ` word${index}`);
  await using model = await modelServer(streams(textEvents(["I look for the keeper.", ...words]), 100));
  const { child, ended } = cli.start([
    "ask",
    cli.folder,
    "Who keeps it?",
    "--policy",
    `openai:slow@${model.url}/v1`,
    "--embedder",
    "none",
  ]);
  const journals = (): string => {
    const running = inProject(cli.dataHome, "trajectories", "running");
    if (!running || !existsSync(running)) return "";
    return readdirSync(running)
      .map((name) => readFileSync(join(running, name), "utf8"))
      .join("");
  };
  while (!journals().includes("I look for the keeper.")) await pause(20);
  child.kill("SIGINT");
  expect(await ended).toMatchObject({ code: 130 });
  const { trajectories } = (await cli.json(["trajectories", "list", cli.folder])) as { trajectories: { id: string }[] };
  expect(trajectories).toHaveLength(1);
  const { trajectory } = await cli.json(["trajectories", "show", cli.folder, trajectories[0]!.id]);
  expect(JSON.stringify(trajectory)).toContain("I look for the keeper.");
});
