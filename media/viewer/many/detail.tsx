import { DrawnOrTold } from "../drawn-or-told.tsx";
import { RecordView } from "../record-view.tsx";
import { trajectory } from "../view-model.ts";
import { AcrossSteps } from "./across-steps.tsx";
import { GroupColumns } from "./group-columns.tsx";
import { ComparisonColumns } from "./comparison-columns.tsx";
import { Icon } from "../icon.tsx";
import { againstName, chosenRow, filter, records, setFilter, summary, Tab, tab } from "./model.ts";

const words: Readonly<Record<Tab, string>> = {
  trajectory: "Trajectory",
  group: "Group",
  steps: "Across steps",
  comparison: "Comparison",
};

/** What is chosen in the list: the trajectory, its group side by side, or the same question at two steps. */
export function Detail() {
  return (
    <main class="detail" aria-label="Chosen trajectory">
      <div class="tabs" role="tablist" aria-label="Show" onKeyDown={onKeyDown}>
        {tabs().map((each) => (
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
      <div
        class={`scroller panel-${tab.value}`}
        id="tab-panel"
        role="tabpanel"
        tabIndex={0}
        aria-labelledby={`tab-${tab.value}`}
      >
        <DrawnOrTold what="This record" of={`${tab.value}:${chosenRow.value?.key}`} asText>
          <Panel />
        </DrawnOrTold>
      </div>
    </main>
  );
}

function Panel() {
  const row = chosenRow.value;
  if (!row) return <NothingChosen />;
  if (tab.value === "group") return <GroupColumns row={row} />;
  if (tab.value === "steps") return <AcrossSteps row={row} />;
  if (tab.value === "comparison") return <ComparisonColumns row={row} />;
  const record = records.value.get(row.key);
  if (record === null) return <p class="content">The file has changed and no longer holds this record.</p>;
  if (!record || trajectory.value?.id !== record.trajectory.id) return <p class="content dim">Reading…</p>;
  return (
    <div class="content">
      <RecordView tags={summary.value?.facets.tags ?? []} />
    </div>
  );
}

function NothingChosen() {
  if (summary.value?.matched !== 0) return <p class="content dim">Choose a trajectory.</p>;
  if (Object.keys(filter.value).length === 0) return <p class="content dim">The file holds no trajectory yet.</p>;
  return (
    <div class="content">
      <p class="dim">No trajectory matches.</p>
      <button type="button" class="quiet" onClick={() => setFilter({})}>
        <Icon name="clear-all" /> Show all trajectories
      </button>
    </div>
  );
}

/** The comparison has a tab where there is one. */
function tabs(): readonly Tab[] {
  return Tab.options.filter((each) => each !== "comparison" || againstName.value !== undefined);
}

function onKeyDown(event: KeyboardEvent): void {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (step === 0) return;
  event.preventDefault();
  const options = tabs();
  tab.value = options[(options.indexOf(tab.value) + step + options.length) % options.length]!;
  requestAnimationFrame(() => document.getElementById(`tab-${tab.value}`)?.focus());
}
