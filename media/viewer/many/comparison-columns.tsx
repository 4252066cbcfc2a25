import { useEffect } from "preact/hooks";
import type { TrajectoryRow } from "../../../protocol/trajectory-file.ts";
import { MaskedSwitch } from "../masked-switch.tsx";
import { Changes } from "./across-steps.tsx";
import { Fold } from "../fold.tsx";
import { againstName, otherRecords, records, wantOther, wantRecord } from "./model.ts";
import { TurnColumns } from "./turn-columns.tsx";

/** The rollouts of one question in both files side by side, and under them what differs word by word. */
export function ComparisonColumns({ row }: { row: TrajectoryRow }) {
  const { pair } = row;
  useEffect(() => {
    wantRecord(row.key);
    if (pair) wantOther(pair.key);
  }, [row.key, pair?.key]);
  const name = againstName.value ?? "";
  if (!pair) return <p class="content">{name} holds no rollout of this question.</p>;
  const after = records.value.get(row.key) ?? undefined;
  const other = otherRecords.value.get(pair.key);
  if (other === null) return <p class="content">{name} has changed and no longer holds this record.</p>;
  // Keys count from 0 in either file; negative ones keep the folds of the two apart.
  const before = other && { ...other, key: -1 - other.key };
  const golds = after?.trajectory.golds ?? [];
  return (
    <div class="group">
      <div class="group-head content">
        <h1 class="question">{row.question}</h1>
        <p class="dim">
          {name} on the left, this file on the right{golds.length > 0 && ` · gold: ${golds.join(" · ")}`}
        </p>
        <MaskedSwitch />
      </div>
      <TurnColumns
        label="Both trajectories side by side"
        columns={[
          { head: { ...pair, key: -1 - pair.key, name: `before, line ${pair.line}` }, record: before },
          { head: { ...row, name: `after, line ${row.line}` }, record: after },
        ]}
      />
      {before && after && (
        <div class="content across">
          <Fold id={`differences:${row.key}`} label="Differences word by word">
            <Changes left={before} right={after} />
          </Fold>
        </div>
      )}
    </div>
  );
}
