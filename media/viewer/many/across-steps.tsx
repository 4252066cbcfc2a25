import { signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { FileRecord, TrajectoryRow } from "../../../protocol/trajectory-file.ts";
import { points, segmentLabel } from "../wording.ts";
import { records, sides, wantRecord, wantSide } from "./model.ts";
import { componentChanges, type SegmentChange, segmentChanges } from "./segment-diff.ts";

const rowsLimit = 500;

/** Keys of the two that were picked; they hold while their question is shown. */
const picked = signal<{ left?: number; right?: number }>({});

/** One question at two steps, or any two of its rollouts: what changed in each segment, and in each component of the reward. */
export function AcrossSteps({ row }: { row: TrajectoryRow }) {
  const name = `steps:${JSON.stringify(row.question)}`;
  const rows = sides.value.get(name);
  const other = rows && beside(rows, row);
  const first = other && (other.step ?? 0) < (row.step ?? 0) ? other : row;
  const left = rows?.find(({ key }) => key === picked.value.left) ?? first;
  const right = rows?.find(({ key }) => key === picked.value.right) ?? (first === row ? (other ?? row) : row);
  useEffect(() => {
    if (!rows) wantSide(name, { question: row.question }, { key: "step", descending: false }, rowsLimit);
    for (const { key } of [left, right]) wantRecord(key);
  }, [name, rows, left.key, right.key]);
  if (!rows) return <p class="content dim">Looking for the same question…</p>;
  if (rows.length < 2) return <p class="content">The file holds no other rollout of this question.</p>;
  const held = [records.value.get(left.key), records.value.get(right.key)] as const;
  return (
    <div class="content across">
      <h1 class="question">{row.question}</h1>
      <div class="pair">
        <Pick label="From" rows={rows} row={left} pick={(key) => (picked.value = { ...picked.value, left: key })} />
        <Pick label="To" rows={rows} row={right} pick={(key) => (picked.value = { ...picked.value, right: key })} />
      </div>
      {held[0] && held[1] ? <Changes left={held[0]} right={held[1]} /> : <p class="dim">Reading…</p>}
    </div>
  );
}

interface PickProps {
  label: string;
  rows: readonly TrajectoryRow[];
  row: TrajectoryRow;
  pick(key: number): void;
}

function Pick({ label, rows, row, pick }: PickProps) {
  return (
    <label>
      <span>{label}</span>
      <select value={row.key} onChange={({ currentTarget: { value } }) => pick(Number(value))}>
        {rows.map((each) => (
          <option key={each.key} value={each.key}>
            {nameOf(each)}
          </option>
        ))}
      </select>
    </label>
  );
}

function nameOf({ step, sample, line, reward }: TrajectoryRow): string {
  return [
    step === undefined ? `line ${line}` : `step ${step}`,
    ...(sample === undefined ? [] : [`rollout ${sample + 1}`]),
    ...(reward === undefined ? [] : [`reward ${points(reward)}`]),
  ].join(" · ");
}

/** What a row is compared with at first: the same rollout of another step, else another of another step, else any other. */
function beside(rows: readonly TrajectoryRow[], row: TrajectoryRow): TrajectoryRow | undefined {
  const others = rows.filter(({ key }) => key !== row.key);
  const elsewhere = others.filter(({ step }) => step !== row.step);
  return elsewhere.find(({ sample }) => sample === row.sample) ?? elsewhere[0] ?? others[0];
}

/** What differs between two trajectories: components of the reward, then segment by segment. */
export function Changes({ left, right }: { left: FileRecord; right: FileRecord }) {
  const segments = useMemo(() => segmentChanges(left.trajectory, right.trajectory), [left, right]);
  const components = componentChanges(left.reward, right.reward);
  return (
    <>
      {components.length > 0 && (
        <table class="numeric">
          <thead>
            <tr>
              <th scope="col">Component</th>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col">Change</th>
            </tr>
          </thead>
          <tbody>
            {[...components, { name: "total", left: left.reward?.total, right: right.reward?.total }].map((each) => (
              <tr key={each.name}>
                <th scope="row">{each.name}</th>
                <td>{each.left === undefined ? "–" : points(each.left)}</td>
                <td>{each.right === undefined ? "–" : points(each.right)}</td>
                <td>{each.left === undefined || each.right === undefined ? "–" : points(each.right - each.left)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p class="dim sides">
        <del>only in the first</del> <ins>only in the second</ins>
      </p>
      <ol class="changes">
        {segments.map((segment, index) => (
          <SegmentItem key={index} segment={segment} />
        ))}
      </ol>
    </>
  );
}

function SegmentItem({ segment }: { segment: SegmentChange }) {
  const { kind, turn, origin, only, changes } = segment;
  const same = changes.every(({ side }) => side === "both");
  const repeated = same && origin === "environment";
  if (changes.every(({ text }) => text.trim() === "")) return null;
  const words =
    only === "left" ? "only in the first" : only === "right" ? "only in the second" : same ? "the same" : "";
  return (
    <li class={`change origin-${origin}`}>
      <div class="dim">
        {/* The two answers may stand in different turns. */}
        {kind !== "answer" && `Turn ${turn + 1} · `}
        {segmentLabel(segment)}
        {origin === "environment" && ", not trained on"}
        {words && ` · ${words}`}
      </div>
      <div class={origin === "environment" ? "mask" : ""} hidden={repeated}>
        <div class="text">
          {changes.map(({ text, side }, index) =>
            side === "left" ? <del key={index}>{text}</del> : side === "right" ? <ins key={index}>{text}</ins> : text,
          )}
        </div>
      </div>
    </li>
  );
}
