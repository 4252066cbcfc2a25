import { existsSync } from "node:fs";
import { expect, test, vi } from "vitest";
import manifest from "../../../package.json" with { type: "json" };
import { ServerOptions } from "../../../protocol/server-messages.ts";
import { commandTable, registerCommands } from "../../../src/commands.ts";
import type { Parts } from "../../../src/parts.ts";

const { contributes, capabilities } = manifest;

test("the manifest's commands and the registered ones are the same", () => {
  expect(contributes.commands.map(({ command }) => command).sort()).toEqual(Object.keys(commandTable).sort());
});

test("every menu, key and welcome names a command that exists", () => {
  const used = [
    ...Object.values(contributes.menus)
      .flat()
      .map(({ command }) => command),
    ...contributes.keybindings.map(({ command }) => command),
    ...contributes.viewsWelcome.flatMap(({ contents }) =>
      [...contents.matchAll(/command:([\w.]+)/g)].map(([, command]) => command!),
    ),
  ].filter((command) => command.startsWith("searchlight."));
  expect(used.filter((command) => !Object.hasOwn(commandTable, command))).toEqual([]);
});

test("the manifest's settings are those the server is started with", () => {
  const names = Object.keys(contributes.configuration.properties).map((name) => name.replace("searchlight.", ""));
  expect(names.sort()).toEqual(Object.keys(ServerOptions.shape.settings.shape).sort());
});

test("every setting has a scope, a default and a description", () => {
  for (const [name, setting] of Object.entries(contributes.configuration.properties)) {
    expect(setting, name).toMatchObject({
      scope: expect.any(String),
      default: expect.anything(),
      markdownDescription: expect.any(String),
    });
  }
});

test("settings that name an endpoint or a model do not count from an untrusted workspace", () => {
  expect(capabilities.untrustedWorkspaces.restrictedConfigurations).toEqual([
    "searchlight.policy",
    "searchlight.embedder",
    "searchlight.indexPlace",
    "searchlight.proxy",
    "searchlight.training.service",
  ]);
});

test("the icons that the manifest names are there", () => {
  const icons = [...contributes.viewsContainers.activitybar, ...contributes.views.searchlight].map(({ icon }) => icon);
  expect(icons.filter((icon) => !existsSync(icon))).toEqual([]);
});

test("a failing command does not reject towards the editor, and its failure is kept", async () => {
  vi.doMock("../../../src/show-fault.ts", () => ({ showFault: vi.fn() }));
  const report = vi.fn();
  const registered = new Map<string, (...args: unknown[]) => unknown>();
  const broken = {
    faults: { report },
    questions: { stop: () => Promise.reject(new Error("no server")) },
  } as unknown as Parts;
  const registration = registerCommands(
    broken,
    (id, handler) => (registered.set(id, handler), { dispose: () => registered.delete(id) }),
  );
  await registered.get("searchlight.stop")!();
  expect(report).toHaveBeenCalledWith("searchlight.stop", expect.objectContaining({ message: "no server" }));
  registration.dispose();
  expect(registered.size).toBe(0);
});
