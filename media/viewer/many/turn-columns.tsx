import type { FileRecord, TrajectoryRow } from "../../../protocol/trajectory-file.ts";
import { Icon } from "../icon.tsx";
import { largestOf, PointsBar } from "../reward.tsx";
import { masked } from "../view-model.ts";
import { points, signed, stateOf } from "../wording.ts";
import { chosenRow } from "./model.ts";
import { RowStrip } from "./row-list.tsx";
import { TurnCell } from "./turn-cell.tsx";
import { shared, turnsOf } from "./turns.ts";

export interface Column {
  head: Pick<TrajectoryRow, "sample" | "line" | "reward" | "advantage" | "key"> &
    Partial<Pick<TrajectoryRow, "strip" | "maskedShare" | "right">> & { name?: string };
  /** Undefined until it came. */
  record: FileRecord | undefined;
}

/** Trajectories beside each other: a column each, a row a search turn, answers in a row of their own. */
export function TurnColumns({ label, columns }: { label: string; columns: readonly Column[] }) {
  const cut = columns.map(({ record }) => (record ? turnsOf(record.trajectory) : undefined));
  const common = shared(columns.flatMap(({ record }) => (record ? [record.trajectory] : [])));
  const turns = Math.max(0, ...cut.map((column) => column?.turns.length ?? 0));
  return (
    <div
      class={`columns masked-${masked.value}`}
      role="table"
      aria-label={label}
      style={{ "--columns": columns.length }}
    >
      <div class="column-row heads" role="row">
        {columns.map((column) => (
          <ColumnHead key={column.head.key} {...column} />
        ))}
      </div>
      {Array.from({ length: turns }, (_, turn) => (
        <div key={turn} class="column-row" role="row" aria-label={`Turn ${turn + 1}`}>
          {columns.map(({ head: { key }, record }, index) => {
            const of = cut[index]?.turns[turn];
            return (
              <div key={key} class="cell" role="cell">
                {record && of && <TurnCell record={record} turn={of} common={common} columns={columns.length} />}
              </div>
            );
          })}
        </div>
      ))}
      <div class="column-row answers" role="row" aria-label="Answer">
        {columns.map(({ head: { key }, record }, index) => {
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
  );
}

function ColumnHead({ head, record }: Column) {
  const { sample, line, reward, advantage, key, name, right, strip, maskedShare } = head;
  const components = record?.reward?.components ?? [];
  const state = record ? stateOf(record.trajectory, false) : undefined;
  return (
    <div class={key === chosenRow.value?.key ? "cell head current" : "cell head"} role="columnheader">
      <div class="column-name dim numeric">
        <span>{name ?? (sample === undefined ? `line ${line}` : `rollout ${sample + 1}`)}</span>
        <span>{advantage === undefined ? "" : `A = ${signed(advantage, 2)}`}</span>
      </div>
      <div class="column-reward">
        <span class="total numeric">{reward === undefined ? "–" : points(reward)}</span>
        {name !== undefined && right !== undefined && (
          <span class={right ? "verdict right" : "verdict wrong"}>
            <Icon name={right ? "check" : "close"} /> {right ? "right" : "wrong"}
          </span>
        )}
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
      {strip && <RowStrip row={{ strip, maskedShare: maskedShare ?? 0 }} />}
    </div>
  );
}
