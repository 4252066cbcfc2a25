// npm start [-- [--no-editor] [PATH "question"]]
// From a fresh clone to an answer: set-up, index, a question in the terminal, then the same folder in VS Code.
import { randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { startCodeServer, windowAddress } from "./code-server.mjs";
import { Failure, main, say } from "./failure.mjs";
import { withNode } from "./own-node.mjs";
import { cacheHome, root } from "./places.mjs";
import { capture, run } from "./processes.mjs";
import { setUp, setUpModel } from "./setup.mjs";
import { ensureCodeServer } from "./vscode.mjs";

const sample = join(root, "samples", "observatory");
const usage = 'npm start [-- [--no-editor] [PATH "question"]]';

await main(async () => {
  const { editor, folder, question } = readArguments(process.argv.slice(2));
  const { node } = await setUp();
  const noModel = await setUpModel("all-minilm-l6-v2-int8", "so search uses words only");
  if (noModel) say(noModel);

  const cli = (...args) => run(node, [join(root, "dist", "cli.js"), ...args], { env: withNode(node) });
  say(`Indexing ${folder}`);
  const indexed = await cli("index", folder);
  if (indexed !== 0) return indexed;
  say(`Asking: ${question}`);
  const asked = await cli("ask", folder, question);
  if (asked !== 0) return asked;
  if (editor) return openEditor(folder);
  say(`Ask on: node dist/cli.js ask ${folder} "QUESTION"; npm start opens VS Code as well.`);
  return 0;
});

function readArguments(args) {
  const unknown = args.find((arg) => arg.startsWith("--") && arg !== "--no-editor");
  const [path, question, ...more] = args.filter((arg) => arg !== "--no-editor");
  if (unknown || more.length > 0 || (path && !question)) throw new Failure(`Usage: ${usage}`);
  const folder = path ? resolve(process.env.INIT_CWD ?? ".", path) : sample;
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new Failure(`There is no folder ${folder}; usage: ${usage}`);
  return { editor: !args.includes("--no-editor"), folder, question: question ?? demoQuestion() };
}

function demoQuestion() {
  return JSON.parse(readFileSync(join(sample, "demo.json"), "utf8")).question;
}

/** The desktop VS Code where there is one and a screen for it, else one in the browser until Ctrl-C. */
async function openEditor(folder) {
  if (hasScreen() && (await capture("code", ["--version"])).code === 0) {
    say("Opening VS Code");
    const code = await run("code", [`--extensionDevelopmentPath=${root}`, folder]);
    if (code === 0) return 0;
    say("The desktop VS Code could not be opened; serving one to the browser instead.");
  }
  return serveEditor(folder);
}

function hasScreen() {
  return (
    process.platform !== "linux" ||
    Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY || process.env.VSCODE_IPC_HOOK_CLI)
  );
}

async function serveEditor(folder) {
  const place = await ensureCodeServer();
  // Other people on this machine reach loopback ports too, and the window has a terminal in it.
  const password = randomBytes(9).toString("base64url");
  const port = process.env.SEARCHLIGHT_PORT ? Number(process.env.SEARCHLIGHT_PORT) : undefined;
  const server = await startCodeServer({
    ...place,
    home: join(cacheHome(), "editor"),
    args: folder === sample ? ["--disable-workspace-trust"] : [],
    password,
    port,
  });
  console.log(
    `\nVS Code with Searchlight: ${windowAddress(server.origin, folder)}\nPassword: ${password}\nCtrl-C ends it.\n`,
  );
  const code = await server.ended;
  return typeof code === "number" ? code : 1;
}
