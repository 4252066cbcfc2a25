// Child processes of the scripts: run to the end with output shown or kept, ended when the script is ended.
import { spawn } from "node:child_process";

const running = new Set();

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
]) {
  process.on(signal, async () => {
    await endAll();
    process.exit(code);
  });
}

/** Ends the children that still run, first by asking. */
export async function endAll() {
  await Promise.all(
    [...running].map(async ({ child, ended }) => {
      child.kill("SIGTERM");
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 5000))]);
      child.kill("SIGKILL");
    }),
  );
}

/** Starts a process that lives beside the script. `ended` resolves to its exit code, or to a signal's name. */
export function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: "inherit", ...options });
  const ended = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? signal));
  });
  const entry = { child, ended };
  running.add(entry);
  const forget = () => running.delete(entry);
  ended.then(forget, forget);
  return entry;
}

/** Runs a process to its end with its output shown; answers its exit code. */
export function run(command, args, options = {}) {
  return start(command, args, options).ended;
}

/** Runs a process to its end and keeps what it prints; never rejects: a command that cannot start has the code -1. */
export async function capture(command, args, options = {}) {
  let output = "";
  try {
    const { child, ended } = start(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (data) => (output += data));
    return { code: await ended, output };
  } catch (error) {
    return { code: -1, output: error.message };
  }
}
