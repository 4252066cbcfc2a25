import { chmodSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { findPython, pythonCandidates, suitsEngine, tryPython } from "../../../server/engine/find-python.ts";
import { ensureUv, findUv } from "../../../server/engine/find-uv.ts";
import { findGpus } from "../../../server/engine/find-gpus.ts";

const scratch = (): string => mkdtempSync(join(tmpdir(), "searchlight-python-"));

/** A program that prints something and ends with a code. */
function program(folder: string, name: string, script: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const says = (version: string, path: string): string => `echo "${version} ${path}"`;

test("a shim of a version that is not active does not stop the search", async () => {
  const folder = scratch();
  const shims = join(folder, "shims");
  program(shims, "python3.12", 'echo "pyenv: python3.12: command not found" >&2; exit 127');
  program(shims, "python3", "kill -9 $$");
  symlinkSync(join(folder, "gone"), join(shims, "python"));
  const real = join(folder, "real");
  program(real, "python3", says("3.12.7", join(real, "python3")));
  const env = { PATH: [shims, real].join(delimiter), PYENV_ROOT: join(folder, "no-pyenv") };
  expect(await findPython(env)).toEqual({ path: join(real, "python3"), version: "3.12.7" });
});

test("a version manager's own folder is looked into, the version that the pins were tried with first", async () => {
  const root = scratch();
  for (const version of ["3.9.18", "3.13.0", "3.12.1"])
    program(join(root, "versions", version, "bin"), "python3", says(version, `/real/${version}`));
  const env = { PATH: "", PYENV_ROOT: root };
  expect(await findPython(env)).toEqual({ path: "/real/3.12.1", version: "3.12.1" });
});

test("what is named is tried first, and too old or too new ones are passed over", async () => {
  const folder = scratch();
  const named = program(folder, "mine", says("3.13.4", "/mine"));
  expect(pythonCandidates({ SEARCHLIGHT_PYTHON: named, PATH: "/usr/bin" })[0]).toBe(named);
  expect(await tryPython(named)).toEqual({ path: "/mine", version: "3.13.4" });
  expect(
    ["3.11.9", "3.12.0", "3.13.9", "3.14.0", "2.7.18"].map((version) => suitsEngine({ path: "", version })),
  ).toEqual([false, true, true, false, false]);
});

test("output that is no version, a program that hangs up and one that is missing are no interpreters", async () => {
  const folder = scratch();
  expect(await tryPython(program(folder, "a", "echo hello"))).toBeUndefined();
  expect(await tryPython(program(folder, "b", "exit 3"))).toBeUndefined();
  expect(await tryPython(join(folder, "c"))).toBeUndefined();
});

test("an old uv is passed over, a later one is taken, and a name in the environment comes first", async () => {
  const folder = scratch();
  program(join(folder, "old"), "uv", 'echo "uv 0.4.2"');
  const path = program(join(folder, "later"), "uv", 'echo "uv 0.13.9 (abc)"');
  const PATH = [join(folder, "old"), join(folder, "later")].join(delimiter);
  expect(await findUv({ PATH }, join(folder, "cache"))).toEqual({ path, version: "0.13.9" });
  const named = program(folder, "my-uv", 'echo "uv 1.2.0"');
  expect(await findUv({ PATH, SEARCHLIGHT_UV: named }, join(folder, "cache"))).toEqual({
    path: named,
    version: "1.2.0",
  });
});

test("uv is installed by any Python that has pip, and its failure is told in a sentence", async () => {
  const folder = scratch();
  const log = join(folder, "asked");
  // A stand-in for a Python with pip: puts a uv where pip would.
  program(
    join(folder, "bin"),
    "python3",
    `case "$2" in
      -c) ${says("3.8.1", join(folder, "bin", "python3"))};;
      pip) echo "$@" > ${log}; mkdir -p ${folder}/cache/engine/uv/bin; printf '#!/bin/sh\\necho "uv 0.13.9"\\n' > ${folder}/cache/engine/uv/bin/uv; chmod +x ${folder}/cache/engine/uv/bin/uv;;
    esac`,
  );
  const env = { PATH: join(folder, "bin"), PYENV_ROOT: folder };
  const uv = await ensureUv(AbortSignal.timeout(20_000), env, join(folder, "cache"));
  expect(uv.path).toBe(join(folder, "cache", "engine", "uv", "bin", "uv"));
  expect(readFileSync(log, "utf8")).toMatch(/pip install .*--target .*engine\/uv uv==0\.13\.9/);
});

test("GPUs are read from the driver's own tool, and nonsense is none", async () => {
  const folder = scratch();
  program(folder, "nvidia-smi", 'echo "NVIDIA H100 80GB HBM3, 81559, 580.65.06"; echo "oops"');
  const before = process.env["PATH"];
  process.env["PATH"] = `${folder}${delimiter}${before}`;
  try {
    expect(await findGpus()).toEqual([{ name: "NVIDIA H100 80GB HBM3", mebibytes: 81_559, driver: "580.65.06" }]);
  } finally {
    process.env["PATH"] = before;
  }
});
