import { Icon } from "../viewer/icon.tsx";
import { Charts } from "./charts.tsx";
import { Checkpoints } from "./checkpoints.tsx";
import { Configuration } from "./configuration.tsx";
import { Health } from "./health.tsx";
import { Log } from "./log.tsx";
import { announcement, banner, facts, Tab, tab } from "./model.ts";
import { Rollouts } from "./rollouts.tsx";
import { RunHeader } from "./run-header.tsx";

const words: Readonly<Record<Tab, string>> = {
  charts: "Charts",
  rollouts: "Rollouts",
  checkpoints: "Checkpoints",
  log: "Log",
  configuration: "Configuration",
};

/** The page of a training run: how it stands, and under it one of five things to look at. */
export function RunPage() {
  return (
    <>
      <Banner />
      {facts.value ? (
        <>
          <RunHeader />
          <Health />
          <main class="panel">
            <Tabs />
            <div id="tab-panel" role="tabpanel" tabIndex={0} aria-labelledby={`tab-${tab.value}`}>
              <Panel />
            </div>
          </main>
        </>
      ) : (
        <main class="panel">
          <p class="starting">Reading the run.</p>
        </main>
      )}
      <div class="unseen" role="status" aria-live="polite">
        {announcement.value}
      </div>
    </>
  );
}

function Banner() {
  if (banner.value === undefined) return null;
  return (
    <aside class="banner" aria-label="State of the page">
      <Icon name="warning" /> <span>{banner.value}</span>
    </aside>
  );
}

function Tabs() {
  return (
    <div class="tabs" role="tablist" aria-label="Show" onKeyDown={onKeyDown}>
      {Tab.options.map((each) => (
        <button
          key={each}
          type="button"
          role="tab"
          id={`tab-${each}`}
          aria-selected={tab.value === each}
          aria-controls="tab-panel"
          tabIndex={tab.value === each ? 0 : -1}
          onClick={() => (tab.value = each)}
        >
          {words[each]}
        </button>
      ))}
    </div>
  );
}

function Panel() {
  switch (tab.value) {
    case "charts":
      return <Charts />;
    case "rollouts":
      return <Rollouts />;
    case "checkpoints":
      return <Checkpoints />;
    case "log":
      return <Log />;
    case "configuration":
      return <Configuration />;
  }
}

function onKeyDown(event: KeyboardEvent): void {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (step === 0) return;
  event.preventDefault();
  const { options } = Tab;
  tab.value = options[(options.indexOf(tab.value) + step + options.length) % options.length]!;
  requestAnimationFrame(() => document.getElementById(`tab-${tab.value}`)?.focus());
}
