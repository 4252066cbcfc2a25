import { useEffect } from "preact/hooks";
import { send } from "../host.ts";
import { Icon } from "../icon.tsx";
import { count } from "../wording.ts";
import { Detail } from "./detail.tsx";
import { Filters } from "./filters.tsx";
import { RowList } from "./row-list.tsx";
import { againstName, chosenRow, failure, fileName, retry, summary, tab, wantRecord } from "./model.ts";

/** The page of a file of trajectories: the list with its filters, and beside it what is chosen in it. */
export function FileView() {
  const row = chosenRow.value;
  useEffect(() => {
    if (row) wantRecord(row.key, tab.value === "trajectory");
  });
  return (
    <div class="file-view">
      <nav class="list-pane" aria-label="Trajectories">
        <Filters />
        <ComparisonState />
        <FileState />
        <RowList />
      </nav>
      <Detail />
    </div>
  );
}

/** What the file is compared with, and the way to begin and end that. */
function ComparisonState() {
  const name = againstName.value;
  const flips = summary.value?.flips;
  if (name === undefined)
    return (
      <p class="comparison">
        <button type="button" class="quiet" onClick={() => send("compare", { on: true })}>
          <Icon name="compare-changes" /> Compare with…
        </button>
      </p>
    );
  return (
    <p class="comparison">
      <Icon name="compare-changes" /> against {name}
      {flips && (
        <span class="dim numeric">
          {" "}
          · {count(flips.paired, "pair")}, {flips.won} won, {flips.lost} lost
        </span>
      )}{" "}
      <button type="button" class="quiet" onClick={() => send("compare", { on: false })}>
        Stop comparing
      </button>
    </p>
  );
}

/** How many rows there are and match, how far the file is read, and what of it could not be read. */
function FileState() {
  const shown = summary.value;
  if (failure.value !== undefined)
    return (
      <p class="file-state trouble" role="alert">
        <Icon name="error" /> {failure.value}{" "}
        <button type="button" class="quiet" onClick={retry}>
          Read again
        </button>
      </p>
    );
  if (!shown) return <p class="file-state dim">Reading {fileName.value}…</p>;
  const { matched, total, problems, problemCount, read, bytes, complete, searched } = shown;
  return (
    <div class="file-state">
      <p class="dim numeric" role="status">
        {matched === total ? count(total, "trajectory", "trajectories") : `${matched} of ${total} trajectories`}
        {!complete && read < bytes && ` · ${Math.floor((100 * read) / bytes)} % of the file read`}
        {searched !== undefined && bytes > 0 && ` · ${Math.floor((100 * searched) / bytes)} % of it searched so far`}
      </p>
      {problemCount > 0 && (
        <details class="problems">
          <summary>
            <Icon name="warning" /> {count(problemCount, "line")} could not be read
          </summary>
          <ul>
            {problems.map(({ line, reason }) => (
              <li key={`${line}:${reason}`}>
                line {line}: {reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
