import { scriptedPolicy, type ScriptedStretch } from "../../server/models/scripted.ts";
import type { Retriever } from "../../server/retrieval/retriever.ts";
import { r1Searcher } from "../../server/rollout/profiles/r1-searcher.ts";
import { type RolloutRequest, runRollout } from "../../server/rollout/rollout.ts";
import { runRollouts } from "../../server/rollout/scheduler.ts";

export interface LoopBench {
  rollouts: number;
  turns: number;
  /** Milliseconds of our own time a turn, one rollout after another. */
  perTurn: number;
  /** The same with all rollouts in flight at once. */
  perTurnInFlight: number;
  /** Against a bare loop that takes the same chunks from the same policy and joins them. */
  againstBareLoop: number;
  megabytesInFlight: number;
}

const searches = 4;
const chunksPerTurn = 60;

/** A stretch as a server streams it: short chunks, a query at the end. */
function stretch(last: boolean): ScriptedStretch {
  const chunks = Array.from({ length: chunksPerTurn }, (_, at) => ` word${at}`);
  const { tags } = r1Searcher;
  return last
    ? { text: [...chunks, tags.thinkClose, tags.answerOpen, " x "], finish: { reason: "stop", stop: tags.answerClose } }
    : { text: [...chunks, tags.queryOpen, "a query"], finish: { reason: "stop", stop: tags.queryClose } };
}

const script = (): ScriptedStretch[] => Array.from({ length: searches + 1 }, (_, at) => stretch(at === searches));
const text = "A passage of about a hundred words. ".repeat(16);
const hits = Array.from({ length: 3 }, (_, at) => ({
  passage: { id: `p${at}`, title: `Title ${at}`, text },
  rank: at + 1,
  score: 1,
  matched: [],
}));
const retriever: Retriever = {
  id: "bench",
  folders: [],
  coverage: () => undefined,
  search: (queries) => Promise.resolve(queries.map(() => ({ ok: true, hits, seconds: 0, cached: false }))),
};
const signal = new AbortController().signal;

function request(id: number): RolloutRequest {
  return { id: `r${id}`, question: "Who?", profile: r1Searcher, policy: scriptedPolicy(script()), retriever };
}

async function rollout(id: number): Promise<void> {
  await runRollout(request(id), { signal, onEvent: () => {} });
}

async function bareLoop(): Promise<number> {
  const policy = scriptedPolicy(script());
  let transcript = "";
  for (let turn = 0; turn <= searches; turn++) {
    const stream = policy.generate(undefined as never, signal);
    for (let step = await stream.next(); !step.done; step = await stream.next()) transcript += step.value.text;
    transcript += text.repeat(3);
  }
  return transcript.length;
}

/** The loop's own cost with a policy and a retriever that cost nothing. */
export async function benchLoop(rollouts = 1024): Promise<LoopBench> {
  const turns = rollouts * (searches + 1);
  for (let warm = 0; warm < 100; warm++) await rollout(warm);
  let from = performance.now();
  for (let at = 0; at < rollouts; at++) await bareLoop();
  const bare = (performance.now() - from) / turns;
  from = performance.now();
  for (let at = 0; at < rollouts; at++) await rollout(at);
  const perTurn = (performance.now() - from) / turns;
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  from = performance.now();
  const trajectories = await runRollouts(
    Array.from({ length: rollouts }, (_, at) => request(at)),
    { concurrency: rollouts, signal },
  );
  if (trajectories.some(({ stop }) => stop?.reason !== "finished"))
    throw new Error("A rollout of the benchmark did not finish.");
  const perTurnInFlight = (performance.now() - from) / turns;
  const megabytesInFlight = (process.memoryUsage().heapUsed - before) / 2 ** 20;
  return {
    rollouts,
    turns: searches + 1,
    perTurn,
    perTurnInFlight,
    againstBareLoop: perTurn / bare,
    megabytesInFlight: Math.max(0, megabytesInFlight),
  };
}
