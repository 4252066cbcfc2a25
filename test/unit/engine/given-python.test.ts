import { expect, test } from "vitest";
import { type FoundModules, launcherScript, missingFor } from "../../../server/engine/given-python.ts";
import { shellQuoted } from "../../../server/engine/shell-quote.ts";

const server = ["skyrl", "tinker", "fastapi", "uvicorn", "sqlmodel", "sqlalchemy", "aiosqlite", "aiohttp", "pydantic"];
const jax = ["jax", "jaxlib", "flax", "optax", "transformers", "tokenizers", "safetensors", "cloudpathlib"];
const whole: FoundModules = { there: [...server, ...jax], skyrl: "0.4.0" };

test("what is missing is named, by what the backend and the device need", () => {
  expect(missingFor(whole, "jax", "cpu")).toBeUndefined();
  expect(missingFor({ ...whole, there: whole.there.filter((name) => name !== "optax") }, "jax", "cpu")).toBe(
    "lacks optax",
  );
  expect(missingFor(whole, "jax", "cuda")).toBe("lacks jax_cuda13_plugin");
  for (const plugin of ["jax_cuda12_plugin", "jax_cuda13_plugin"])
    expect(missingFor({ ...whole, there: [...whole.there, plugin] }, "jax", "cuda")).toBeUndefined();
  expect(missingFor({ ...whole, there: server }, "fsdp", "cuda")).toBeUndefined();
  expect(missingFor({ there: [], skyrl: null }, "jax", "cpu")).toMatch(/^lacks skyrl, tinker, .*cloudpathlib$/);
});

test("another version of skyrl is refused", () => {
  expect(missingFor({ ...whole, skyrl: "0.5.1" }, "jax", "cpu")).toBe("has skyrl 0.5.1, and 0.4.0 is needed");
  expect(missingFor({ ...whole, skyrl: "0.4.2" }, "jax", "cpu")).toBeUndefined();
});

test("the path of the interpreter is one word of the launcher, whatever is in it", () => {
  expect(launcherScript(shellQuoted("/it's/python"))).toContain(`'/it'\\''s/python' "$@" <&3 3<&- &`);
});
