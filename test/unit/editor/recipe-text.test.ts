import { expect, test } from "vitest";
import { rangeOfField, readRecipeText } from "../../../server/editor/recipe-text.ts";

const text = `{
  // a comment
  "version": 1, "name": "a", "model": { "base": "tiny" },
  "data": [{ "file": "q.jsonl" }],
  "retrieval": { "index": "." },
  "stages": [{ "name": "s", "reward": "paper-stage2", "iterations": 1, "prompts": 1, "rollouts": 2, "minibatch": 2, "learningRate": { "peak": 1e-5 } }],
}`;

const at = (field: string, of = text): string => {
  const { start, end } = rangeOfField(readRecipeText(of), field);
  return of.slice(start, end);
};

test("a recipe with comments and a trailing comma is read", () => {
  expect(readRecipeText(text).recipe?.name).toBe("a");
});

test("a problem stands at the value that it is of", () => {
  expect(at("data.0.file")).toBe('"q.jsonl"');
  expect(at("stages.0.reward")).toBe('"paper-stage2"');
  expect(at("stages.0.minibatch")).toBe("2");
});

test("where a field is left out, its problem stands at the name of what holds it", () => {
  expect(at("retrieval.embedder")).toBe('"retrieval"');
  expect(at("engine.url")).toBe("{");
  expect(at("retrieval")).toBe('"retrieval"');
});

test("text that is no recipe is read as far as it goes", () => {
  expect(readRecipeText("").tree).toBeUndefined();
  expect(readRecipeText('{ "version": ').recipe).toBeUndefined();
  expect(at("data.0.file", '{ "data": [ { "file": "x" ')).toBe('"x"');
  expect(readRecipeText("[".repeat(1_000_001)).tree).toBeUndefined();
});
