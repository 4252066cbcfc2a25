import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { RowFilter, RowSort, TrajectoryRow } from "../../../protocol/trajectory-file.ts";
import { Icon } from "../icon.tsx";
import { MaskedSwitch } from "../masked-switch.tsx";
import { count, points } from "../wording.ts";
import { records, sides, summary, wantRecord, wantSide } from "./model.ts";
import { TurnColumns } from "./turn-columns.tsx";

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
  return (
    <div class="group">
      <GroupHead row={row} rows={rows} />
      <TurnColumns
        label="Rollouts side by side"
        columns={rows.map((each, index) => ({ head: each, record: held[index] }))}
      />
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
              {key}
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

/** The rollouts that belong together: of one group in one step, else of the same question in the same step. */
export function groupFilter({ step, group, question }: TrajectoryRow): RowFilter {
  return { ...(step === undefined ? {} : { step }), ...(group === undefined ? { question } : { group }) };
}

function sortOf(name: string): RowSort {
  const key = (["advantage", "searches", "length", "line"] as const).find((each) => each === name) ?? "reward";
  return { key, descending: key === "reward" || key === "advantage" };
}
