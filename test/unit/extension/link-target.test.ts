import { expect, test } from "vitest";
import { linkTarget } from "../../../src/editor/link-target.ts";

test("a link leads to a stored trajectory by its id, or to a record of a file", () => {
  expect(linkTarget({ path: "/trajectory/01M89Z9AHDABN1QZYEZVKP2SWK", query: "" })).toEqual({
    kind: "trajectory",
    id: "01M89Z9AHDABN1QZYEZVKP2SWK",
  });
  const query = String(new URLSearchParams({ path: "/runs/a b/trajectories.jsonl", id: "q 1/2" }));
  expect(linkTarget({ path: "/file", query })).toEqual({
    kind: "file",
    path: "/runs/a b/trajectories.jsonl",
    id: "q 1/2",
  });
  expect(linkTarget({ path: "/file", query: "path=/a/my.trajectories.jsonl" })).toMatchObject({ id: "" });
});

test("no link leads to a file of another name, of another machine or by a relative path, nor to an id that is none", () => {
  for (const path of [
    "/etc/passwd",
    "trajectories.jsonl",
    "../trajectories.jsonl",
    "//host/share/trajectories.jsonl",
    "\\\\host\\share\\trajectories.jsonl",
    "/a/trajectories.jsonl/x",
    "/a/nottrajectories.jsonl",
    "",
  ])
    expect(linkTarget({ path: "/file", query: String(new URLSearchParams({ path })) })).toBeUndefined();
  for (const path of [
    "/trajectory/../x",
    "/trajectory/a b",
    "/trajectory/",
    "/",
    "/other",
    `/trajectory/${"x".repeat(65)}`,
  ])
    expect(linkTarget({ path, query: "" })).toBeUndefined();
});
