import { defineConfig } from "vitest/config";

const tier = (name: string, timeout: number) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.{ts,tsx}`], testTimeout: timeout, hookTimeout: timeout },
});

export default defineConfig({
  test: {
    // Two cores: more workers than that only make timeouts likelier.
    maxWorkers: 2,
    // A second, which is the default, is short for a browser on a busy machine.
    expect: { poll: { timeout: 30_000 } },
    projects: [
      tier("unit", 60_000),
      tier("server", 60_000),
      tier("webview", 120_000),
      tier("cli", 180_000),
      tier("engine", 900_000),
      tier("editor", 240_000),
    ],
  },
});
