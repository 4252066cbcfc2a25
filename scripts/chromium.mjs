// A Chromium to test views in: one that the machine has, else the system's package, else Playwright's own.
import { accessSync, constants, existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { Failure, say } from "./failure.mjs";
import { root } from "./places.mjs";
import { capture } from "./processes.mjs";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const macApplications = ["Google Chrome.app/Contents/MacOS/Google Chrome", "Chromium.app/Contents/MacOS/Chromium"];

/** Path of a Chromium or Chrome on this machine, `SEARCHLIGHT_CHROMIUM` first; undefined when there is none. */
export function findChromium(env = process.env) {
  const candidates = [
    env.SEARCHLIGHT_CHROMIUM,
    ...names.flatMap((name) => (env.PATH ?? "").split(delimiter).map((folder) => join(folder, name))),
    ...(process.platform === "darwin" ? ["/Applications", join(homedir(), "Applications")] : []).flatMap((folder) =>
      macApplications.map((application) => join(folder, application)),
    ),
  ];
  return candidates.find((file) => file && executable(file));
}

/** Finds a Chromium or installs one. Throws `Failure`. */
export async function ensureChromium() {
  return findChromium() ?? (await fromDebian()) ?? (await fromPlaywright());
}

async function fromDebian() {
  if (process.platform !== "linux" || process.getuid() !== 0 || !existsSync("/usr/bin/apt-get")) return undefined;
  say("Installing Chromium (apt-get)");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await capture("apt-get", ["update", "-q"], { env });
  await capture("apt-get", ["install", "-yq", "--no-install-recommends", "chromium"], { env });
  return findChromium();
}

async function fromPlaywright() {
  say("Fetching Chromium (Playwright)");
  const { code } = await capture(process.execPath, [
    join(root, "node_modules", "playwright-core", "cli.js"),
    "install",
    "chromium",
  ]);
  if (code === 0) {
    const { chromium } = await import("playwright-core");
    if (executable(chromium.executablePath())) return chromium.executablePath();
  }
  throw new Failure(
    "There is no Chromium here and none could be installed; install Chromium or Chrome, or name one in SEARCHLIGHT_CHROMIUM.",
  );
}

function executable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
