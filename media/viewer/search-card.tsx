import type { Search } from "../../protocol/trajectory.ts";
import type { Block } from "./blocks.ts";
import { HitRow } from "./hit-row.tsx";
import { Icon } from "./icon.tsx";
import { PolicyText } from "./policy-text.tsx";
import { blocks, isOpen, toggle, view } from "./view-model.ts";
import { count, seconds } from "./wording.ts";

const shownAtFirst = 3;

/** A query and what it found, best first. Before the search comes back, the query as the policy writes it. */
export function SearchCard({ block, text }: { block: Block; text: string }) {
  const { search } = block;
  if (!search) {
    const last = block.index === blocks.peek().length - 1;
    return <PendingQuery last={last} text={text} offset={block.segment.start} />;
  }
  return (
    <div class="search">
      <div class="query-row">
        <span class="query">
          <Icon name="search" /> {search.query || "(empty query)"}
        </span>
        <span class="dim numeric">
          {[
            count(search.hits.length, "hit"),
            `${search.insertedHits} inserted`,
            seconds(search.seconds),
            ...(search.cached ? ["cached"] : []),
          ].join(" · ")}
        </span>
      </div>
      {search.rawQuery.trim() !== search.query && <p class="dim">written as: {search.rawQuery.trim()}</p>}
      {search.error !== undefined && (
        <p class="trouble">
          <Icon name="error" /> The search failed: {search.error}
        </p>
      )}
      {search.neutralised > 0 && (
        <p class="trouble">
          <Icon name="warning" /> {count(search.neutralised, "control tag")} inside documents made harmless
        </p>
      )}
      <Hits search={search} id={`hits:${block.index}`} />
    </div>
  );
}

function PendingQuery({ last, text, offset }: { last: boolean; text: string; offset: number }) {
  const searching = last ? view.value.searching : undefined;
  return (
    <div class="query">
      <Icon name={searching === undefined ? "search" : "loading"} spin={searching !== undefined} />{" "}
      {searching ?? <PolicyText text={text} offset={offset} />}
    </div>
  );
}

/** All hits that were inserted are drawn at first, and a few in any case. */
function Hits({ search, id }: { search: Search; id: string }) {
  const { hits, insertedHits } = search;
  if (hits.length === 0) return search.error === undefined ? <p class="dim">nothing found</p> : null;
  const first = Math.min(hits.length, Math.max(shownAtFirst, Math.min(insertedHits, 2 * shownAtFirst)));
  const all = isOpen(id);
  return (
    <>
      <ol class="hits" aria-label={`Hits for ${search.query}`}>
        {(all ? hits : hits.slice(0, first)).map((hit, index) => (
          <HitRow key={hit.passage.id} hit={hit} id={`${id}:${index}`} inserted={index < insertedHits} />
        ))}
      </ol>
      {hits.length > first && (
        <button type="button" class="quiet" aria-expanded={all} onClick={() => toggle(id)}>
          {all ? "Show fewer" : `Show all ${hits.length} hits`}
        </button>
      )}
    </>
  );
}
