import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { FileRecord, RowFilter, RowSort, TrajectoryRow } from "../../../protocol/trajectory-file.ts";
import { Icon } from "../icon.tsx";
import { largestOf, PointsBar } from "../reward.tsx";
import { MaskedSwitch } from "../masked-switch.tsx";
import { masked } from "../view-model.ts";
import { count, points, signed, stateOf } from "../wording.ts";
import { chosenRow, records, sides, summary, wantRecord, wantSide } from "./model.ts";
import { RowStrip } from "./row-list.tsx";
import { TurnCell } from "./turn-cell.tsx";
import { shared, turnsOf } from "./turns.ts";

/** Columns drawn at most; how many are left out is said. */
const columnsLimit = 64;

/** `reward`, `advantage`, `searches`, `length`, the order of the file, or `component:NAME`. */
const order = signal("reward");

/** The rollouts of one prompt side by side: a column each, a row a search turn, so that the eye compares like with like. */
export function GroupColumns({ row }: { row: TrajectoryRow }) {
  const filter = groupFilter(row);
  const component = order.value.startsWith("component:") ? order.value.slice("component:".length) : undefined;
  const name = `group:${JSON.stringify([filter, order.value])}`;
  const rows = sides.value.get(name);
  useEffect(() => {
    if (rows) for (const { key } of rows) wantRecord(key);
    else
      wantSide(
        name,
        { ...filter, ...(component === undefined ? {} : { component }) },
        sortOf(order.value),
        columnsLimit,
      );
  }, [name, rows]);
  if (!rows) return <p class="content dim">Reading the group…</p>;
  const held = rows.map(({ key }) => records.value.get(key) ?? undefined);
  const cut = held.map((record) => (record ? turnsOf(record.trajectory) : undefined));
  const common = shared(held.flatMap((record) => (record ? [record.trajectory] : [])));
  const turns = Math.max(0, ...cut.map((column) => column?.turns.length ?? 0));
  return (
    <div class="group">
      <GroupHead row={row} rows={rows} />
      <div
        class={`columns masked-${masked.value}`}
        role="table"
        aria-label="Rollouts side by side"
        style={{ "--columns": rows.length }}
      >
        <div class="column-row heads" role="row">
          {rows.map((each, index) => (
            <ColumnHead key={each.key} row={each} record={held[index]} />
          ))}
        </div>
        {Array.from({ length: turns }, (_, turn) => (
          <div key={turn} class="column-row" role="row" aria-label={`Turn ${turn + 1}`}>
            {rows.map(({ key }, index) => {
              const record = held[index];
              const of = cut[index]?.turns[turn];
              return (
                <div key={key} class="cell" role="cell">
                  {record && of && <TurnCell record={record} turn={of} common={common} columns={rows.length} />}
                </div>
              );
            })}
          </div>
        ))}
        <div class="column-row answers" role="row" aria-label="Answer">
          {rows.map(({ key }, index) => {
            const record = held[index];
            const segments = cut[index]?.answer ?? [];
            return (
              <div key={key} class="cell" role="cell">
                {record && segments.length > 0 && (
                  <TurnCell record={record} turn={{ segments, search: undefined }} common={common} columns={1} />
                )}
                {record && segments.length === 0 && <span class="dim">no answer</span>}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function GroupHead({ row, rows }: { row: TrajectoryRow; rows: readonly TrajectoryRow[] }) {
  const rewards = rows.flatMap(({ reward }) => (reward === undefined ? [] : [reward]));
  const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
  const golds = records.value.get(row.key)?.trajectory.golds ?? [];
  const flat = rewards.length > 1 && rewards.every((reward) => reward === rewards[0]);
  const components = summary.value?.facets.components ?? [];
  return (
    <div class="group-head content">
      <h1 class="question">{row.question}</h1>
      <p class="dim numeric">
        {[
          ...(row.step === undefined ? [] : [`step ${row.step}`]),
          count(rows.length, "rollout"),
          ...(rewards.length > 0 ? [`mean reward ${points(mean)}`] : []),
          ...(golds.length > 0 ? [`gold: ${golds.join(" · ")}`] : []),
          ...(rows.length === columnsLimit ? [`the first ${columnsLimit} are shown`] : []),
        ].join(" · ")}
      </p>
      {flat && (
        <p class="flat">
          <Icon name="warning" /> zero variance: all rewards are equal, so nothing is learnt from this group
        </p>
      )}
      <label>
        Columns by{" "}
        <select value={order.value} onChange={({ currentTarget: { value } }) => (order.value = value)}>
          {["reward", "advantage", "searches", "length", "line"].map((key) => (
            <option key={key} value={key}>
              {key === "line" ? "order of the file" : key}
            </option>
          ))}
          {components.map((component) => (
            <option key={component} value={`component:${component}`}>
              {component}
            </option>
          ))}
        </select>
      </label>{" "}
      <MaskedSwitch />
    </div>
  );
}

function ColumnHead({ row, record }: { row: TrajectoryRow; record: FileRecord | undefined }) {
  const { sample, line, reward, advantage, key } = row;
  const components = record?.reward?.components ?? [];
  const state = record ? stateOf(record.trajectory, false) : undefined;
  return (
    <div class={key === chosenRow.value?.key ? "cell head current" : "cell head"} role="columnheader">
      <div class="column-name dim numeric">
        <span>{sample === undefined ? `line ${line}` : `rollout ${sample + 1}`}</span>
        <span>{advantage === undefined ? "" : `A = ${signed(advantage, 2)}`}</span>
      </div>
      <div class="column-reward">
        <span class="total numeric">{reward === undefined ? "–" : points(reward)}</span>
        {state && (
          <span class={`state state-${state.icon}`}>
            <Icon name={state.icon} /> {state.words}
          </span>
        )}
      </div>
      {components.map(({ name, value, weight }) => (
        <div key={name} class="component numeric">
          <span class="component-name">{name}</span>
          <PointsBar value={value * weight} largest={largestOf(components)} />
          <span>{points(value * weight)}</span>
        </div>
      ))}
      <RowStrip row={row} />
    </div>
  );
}

/** The rollouts that belong together: of one group in one step, else of the same question in the same step. */
export function groupFilter({ step, group, question }: TrajectoryRow): RowFilter {
  return { ...(step === undefined ? {} : { step }), ...(group === undefined ? { question } : { group }) };
}

function sortOf(name: string): RowSort {
  const key = (["advantage", "searches", "length", "line"] as const).find((each) => each === name) ?? "reward";
  return { key, descending: key === "reward" || key === "advantage" };
}
