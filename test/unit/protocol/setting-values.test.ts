import { expect, test } from "vitest";
import { ServerOptions } from "../../../protocol/server-messages.ts";
import { settingValues } from "../../../protocol/setting-values.ts";
import manifest from "../../../package.json" with { type: "json" };

const properties = Object.entries(manifest.contributes.configuration.properties);
const defaults = Object.fromEntries(
  properties.map(([name, property]) => [name.replace("searchlight.", ""), property.default]),
);

test("settings that nobody wrote are those of the manifest", () => {
  expect(settingValues(() => undefined)).toEqual(defaults);
});

test("what a workspace wrote with the wrong type counts as not set, and the server can be started with the rest", () => {
  const written: Record<string, unknown> = {
    policy: 3,
    profile: null,
    embedder: ["x"],
    indexOnOpen: "no",
    exclude: { "**/*.md": true },
    indexPlace: "/srv/index",
  };
  const settings = settingValues((name) => written[name]);
  expect(settings).toEqual({ ...defaults, indexPlace: "/srv/index" });
  expect(ServerOptions.shape.settings.parse(settings)).toEqual(settings);
  expect(settingValues(() => ["a/**", 7, null, "b"]).exclude).toEqual(["a/**", "b"]);
});
