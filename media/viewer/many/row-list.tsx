import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { stripKinds, type TrajectoryRow } from "../../../protocol/trajectory-file.ts";
import { Icon } from "../icon.tsx";
import { useVirtualRows } from "../virtual-rows.ts";
import { count, points, signed } from "../wording.ts";
import { choose, chosen, followed, rowAt, summary, wantRows } from "./model.ts";

const rowHeight = 64;
const page = 10;

/** The rows that match, best seen from a distance: question, strip, reward. One stop of the tab key; arrows choose. */
export function RowList() {
  const scroller = useRef<HTMLDivElement>(null);
  const matched = summary.value?.matched ?? 0;
  const virtual = useVirtualRows({ count: matched, scroller, estimate: rowHeight });
  const first = virtual.items[0]?.index ?? 0;
  const last = virtual.items.at(-1)?.index ?? 0;
  // What is in sight and not at hand is asked for after each drawing; equal questions are asked once.
  useEffect(() => {
    if (matched > 0) wantRows(first, last);
  });
  // What the reader looks at stays where it is on the page when rows come above it.
  useSignalEffect(() => {
    const by = followed.value;
    if (by && scroller.current) scroller.current.scrollTop += by.rows * rowHeight;
  });
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = rowAfter(event.key, chosen.value, matched);
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    choose(next);
    if (scroller.current) bringIntoSight(scroller.current, chosen.value);
  };
  return (
    <div
      ref={scroller}
      id="row-list"
      class="row-list"
      role="listbox"
      tabIndex={0}
      aria-label="Trajectories; the arrow keys choose, Enter goes to the chosen one"
      aria-activedescendant={chosen.value >= first && chosen.value <= last ? `row-${chosen.value}` : undefined}
      onKeyDown={onKeyDown}
    >
      <div class="row-space" role="presentation" style={{ height: `${virtual.height}px` }}>
        {virtual.items.map(({ index, start }) => (
          <div
            key={index}
            id={`row-${index}`}
            class="row"
            role="option"
            aria-selected={index === chosen.value}
            aria-posinset={index + 1}
            aria-setsize={matched}
            style={{ transform: `translateY(${start}px)`, height: `${rowHeight}px` }}
            onClick={() => choose(index)}
          >
            <RowBody row={rowAt(index)} />
          </div>
        ))}
      </div>
    </div>
  );
}

/** Scrolls as little as shows the whole row; every row has the same height. */
function bringIntoSight(list: HTMLElement, index: number): void {
  const top = index * rowHeight;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + rowHeight > list.scrollTop + list.clientHeight) list.scrollTop = top + rowHeight - list.clientHeight;
}

/** The row that a key leads to; undefined for keys that move nothing. */
function rowAfter(key: string, from: number, rows: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: page,
    PageUp: -page,
    Home: -rows,
    End: rows,
  };
  const step = Object.hasOwn(steps, key) ? steps[key] : undefined;
  return step === undefined ? undefined : Math.max(0, Math.min(rows - 1, from + step));
}

function RowBody({ row }: { row: TrajectoryRow | undefined }) {
  if (!row) return <span class="dim">…</span>;
  const { line, step, sample, stop, searches, rules, reward, advantage, zeroVariance } = row;
  const facts = [
    `line ${line}`,
    ...(step === undefined ? [] : [`step ${step}`]),
    ...(sample === undefined ? [] : [`rollout ${sample + 1}`]),
    count(searches, "search", "searches"),
    ...(stop === "finished" ? [] : [stop.replaceAll("-", " ")]),
  ];
  return (
    <>
      <div class="row-head">
        <span class="row-question">{row.question || "(no question)"}</span>
        <span class="row-reward numeric">{reward === undefined ? "–" : points(reward)}</span>
      </div>
      <RowStrip row={row} />
      <div class="row-facts dim numeric">
        <span>
          {facts.join(" · ")}
          {rules.length > 0 && (
            <span class="row-rules">
              {" · "}
              <Icon name="warning" /> {rules.join(", ")}
            </span>
          )}
        </span>
        <span>
          <Flip row={row} />
          <Marks row={row} />
          {zeroVariance === true && (
            <span title="All rewards of its group are equal: nothing is learnt from it">
              <Icon name="dash" /> zero variance
            </span>
          )}
          {advantage !== undefined && <span>A {signed(advantage, 2)}</span>}
        </span>
      </div>
    </>
  );
}

function Flip({ row: { right, pair } }: { row: TrajectoryRow }) {
  if (right === undefined || pair?.right === undefined || right === pair.right) return null;
  return (
    <span class={right ? "verdict right" : "verdict wrong"}>
      <Icon name={right ? "arrow-up" : "arrow-down"} /> {right ? "won" : "lost"}
    </span>
  );
}

function Marks({ row: { annotated } }: { row: TrajectoryRow }) {
  if (!annotated) return null;
  const { tags, excluded, notes } = annotated;
  return (
    <span class="row-marks">
      {excluded && (
        <span title="Excluded from training">
          <Icon name="circle-slash" />
          <span class="unseen">excluded from training</span>
        </span>
      )}
      {notes > 0 && (
        <span title={count(notes, "note")}>
          <Icon name="note" /> {notes}
        </span>
      )}
      {tags.length > 0 && (
        <span class="row-tags" title={tags.join(", ")}>
          <Icon name="tag" /> {tags.length > 2 ? `${tags.slice(0, 2).join(", ")} +${tags.length - 2}` : tags.join(", ")}
        </span>
      )}
    </span>
  );
}

/** Solid where the policy wrote, hatched where text is masked, by length. */
export function RowStrip({ row: { strip, maskedShare } }: { row: Pick<TrajectoryRow, "strip" | "maskedShare"> }) {
  const bars = Array.from({ length: strip.length / 2 }, (_, index) => ({
    kind: stripKinds[strip[index * 2]!] ?? "prompt",
    length: strip[index * 2 + 1]!,
  })).filter(({ kind }) => kind !== "prompt");
  return (
    <span class="strip" role="img" aria-label={`${Math.round(100 * maskedShare)} % masked`}>
      {bars.map(({ kind, length }, index) => (
        <i
          key={index}
          class={kind === "answer" ? "bar-policy bar-answer" : `bar-${kind}`}
          style={{ flexGrow: length }}
        />
      ))}
    </span>
  );
}
