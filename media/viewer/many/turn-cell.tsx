import type { Segment } from "../../../protocol/trajectory.ts";
import { formatToldPlace, toldFoldersOf } from "../../../protocol/told-folders.ts";
import type { FileRecord } from "../../../protocol/trajectory-file.ts";
import { tokensOf } from "../blocks.ts";
import { brokenRules } from "../broken-rules.ts";
import { Fold } from "../fold.tsx";
import { Icon } from "../icon.tsx";
import { MarkedText } from "../marked-text.tsx";
import { isOpen, toggle } from "../view-model.ts";
import { count, points, segmentLabel } from "../wording.ts";
import type { shared, Turn } from "./turns.ts";

const shownAtFirst = 600;
const hitsShown = 3;

interface CellProps {
  record: FileRecord;
  turn: Turn;
  common: ReturnType<typeof shared>;
  /** Columns beside each other; what one alone has is not called shared. */
  columns: number;
}

/** One turn of one rollout: what it thought, asked, was given, and the rules it broke there. */
export function TurnCell({ record, turn, common, columns }: CellProps) {
  const rules = brokenRules(record.reward ?? undefined);
  const over = rules.map(({ id, violation: { start, end } }) => ({ id, start, end }));
  const query = turn.segments.findLast(({ kind }) => kind === "query");
  return (
    <>
      {turn.segments.map((segment) => (
        <div key={segment.start} class={`piece kind-${segment.kind} origin-${segment.origin}`}>
          <span class="unseen">{segmentLabel(segment)}: </span>
          {segment.origin === "environment" ? (
            <Masked record={record} segment={segment} turn={turn} common={common} columns={columns} />
          ) : segment === query && turn.search ? (
            <div class="query">
              <Icon name="search" /> {turn.search.query || "(empty query)"}{" "}
              <Shared by={common.queries.get(turn.search.query.trim().toLowerCase())} columns={columns} />
            </div>
          ) : (
            <CutText record={record} segment={segment} over={over} />
          )}
          {rules
            .filter(({ violation: { start } }) => start >= segment.start && start < segment.end)
            .map(({ id, violation, points: lost }) => (
              <p key={id} class="broken-here">
                <Icon name="warning" /> {violation.rule}: {violation.message}{" "}
                <span class="numeric">({points(lost)})</span>
              </p>
            ))}
        </div>
      ))}
    </>
  );
}

function Shared({ by, columns }: { by: number | undefined; columns: number }) {
  if (by === undefined || by < 2 || columns < 2) return null;
  return (
    <span class="shared numeric" title={`The same in ${by} of ${columns} columns`}>
      ×{by}
    </span>
  );
}

type Span = { id: string; start: number; end: number };

function CutText({ record, segment, over }: { record: FileRecord; segment: Segment; over: readonly Span[] }) {
  const { start, end } = segment;
  const id = `${record.key}:${start}:all`;
  const whole = end - start <= shownAtFirst * 1.25 || isOpen(id);
  const text = record.trajectory.text.slice(start, whole ? end : start + shownAtFirst);
  if (text.trim() === "") return null;
  return (
    <div class="text">
      <MarkedText text={text} offset={start} over={over} tags />
      {!whole && (
        <button type="button" class="quiet" onClick={() => toggle(id)}>
          Show all ({count(end - start - shownAtFirst, "more character")})
        </button>
      )}
    </div>
  );
}

function Masked({ record, segment, turn, common, columns }: CellProps & { segment: Segment }) {
  const tokens = tokensOf(segment);
  const size = tokens === undefined ? count(segment.end - segment.start, "char") : count(tokens, "token");
  const hits = turn.search?.hits.slice(0, turn.search.insertedHits) ?? [];
  const told = toldFoldersOf(record.trajectory);
  const label = (
    <>
      <Icon name="circle-slash" /> masked · {size} · not trained on
    </>
  );
  return (
    <div class="mask">
      <Fold id={`${record.key}:${segment.start}`} label={label}>
        <div class="raw">{record.trajectory.text.slice(segment.start, segment.end)}</div>
      </Fold>
      {hits.length > 0 && (
        <ol class="cell-hits">
          {hits.slice(0, hitsShown).map(({ passage, rank }) => (
            <li key={passage.id}>
              <span class="numeric dim">{rank}</span>{" "}
              {passage.place ? formatToldPlace(passage.place, told) : passage.title || "(no title)"}{" "}
              <Shared by={common.passages.get(passage.id)} columns={columns} />
            </li>
          ))}
          {hits.length > hitsShown && <li class="dim">and {hits.length - hitsShown} more</li>}
        </ol>
      )}
    </div>
  );
}
