import type { Hit, LegScore } from "../../protocol/passage.ts";
import { formatPlace } from "../../protocol/place.ts";
import { Icon } from "../viewer/icon.tsx";
import { PlaceButton } from "../viewer/place-button.tsx";
import { count } from "../viewer/wording.ts";
import { Around, AroundButton } from "./around.tsx";
import { matchedPieces } from "./matched-pieces.ts";
import { type Finding, folders, toggle, unfolded } from "./model.ts";

/** Characters that a folded passage shows at most; its first lines are seen of them. */
const beginning = 500;
/** Lines that a folded passage shows, and characters that fit into one where the panel is narrow. */
const foldedLines = 3;
const charactersPerLine = 64;

/** What was found, best first: each passage with its ranks in both legs, its fused score and its place. */
export function HitTable({ finding: { hits, mode } }: { finding: Finding }) {
  const best = Math.max(...hits.map(({ score }) => score), Number.MIN_VALUE);
  return (
    <table class="hits-table">
      <caption class="unseen">Passages found, best first</caption>
      <thead>
        <tr>
          <th scope="col" class="rank-column">
            <span class="unseen">Rank</span>
            <span aria-hidden="true">#</span>
          </th>
          <th scope="col">Passage</th>
          <th scope="col" class="leg-column" title="Rank among the passages with the query's words, and the BM25 score">
            Words
          </th>
          <th scope="col" class="leg-column" title="Rank among the passages nearest in meaning, and the cosine">
            Vectors
          </th>
          <th scope="col" class="fused-column" title="Fused score; comparable within this list only">
            Fused
          </th>
        </tr>
      </thead>
      <tbody>
        {hits.map((hit) => (
          <tr key={hit.passage.id} data-hit={hit.rank}>
            <th scope="row" class="rank-column numeric">
              {hit.rank}
            </th>
            <td>
              <Passage hit={hit} />
            </td>
            <LegCell leg={hit.words} name="words" asked={mode !== "vectors"} decimals={2} />
            <LegCell leg={hit.vectors} name="vectors" asked={mode !== "words"} decimals={3} />
            <td class="fused-column numeric">
              <FusedScore hit={hit} best={best} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Passage({ hit }: { hit: Hit }) {
  const { passage, matched, copies = [] } = hit;
  const open = unfolded.value.has(passage.id);
  const long = linesOf(passage.text) > foldedLines;
  // Empty lines would take the place of what a folded passage says.
  const text = open || !long ? passage.text : passage.text.slice(0, beginning).replace(/\n\s*\n/g, "\n");
  const source = folders.value.length > 1 && folders.value.find(({ id }) => id === passage.place?.folder);
  return (
    <>
      <div class="hit-head">
        {passage.place ? <PlaceButton place={passage.place} /> : <span class="place-none">no file here</span>}
        {source && <span class="source dim">{source.name}</span>}
      </div>
      {passage.title !== "" && <div class="hit-title">{passage.title}</div>}
      <Around passage={passage} side="before" />
      <div class={open ? "raw excerpt open" : "raw excerpt"}>
        {matchedPieces(text, matched).map((piece, index) =>
          piece.matched ? <mark key={index}>{piece.text}</mark> : piece.text,
        )}
      </div>
      <Around passage={passage} side="after" />
      <div class="hit-facts">
        {long && (
          <button
            type="button"
            class="quiet"
            aria-expanded={open}
            aria-label={`${open ? "Less" : "All of it"}: passage ${hit.rank}`}
            onClick={() => toggle(passage.id)}
          >
            <Icon name={open ? "chevron-up" : "chevron-down"} /> {open ? "Less" : "All of it"}
          </button>
        )}
        <AroundButton passage={passage} rank={hit.rank} />
        {matched.length > 0 && (
          <span class="terms">
            <span class="dim">matched</span>{" "}
            {matched.map((term) => (
              <span key={term} class="term">
                {term}
              </span>
            ))}
          </span>
        )}
        {matched.length === 0 && <span class="dim">no word of the query</span>}
        {hit.repetition !== undefined && (
          <span class="dim" title="Better hits are from the same section or page">
            × {hit.repetition.toFixed(2)} for repetition
          </span>
        )}
        {copies.length > 0 && (
          <span class="dim" title={copies.map(formatPlace).join("\n")}>
            {count(copies.length, "near copy", "near copies")} left out
          </span>
        )}
      </div>
    </>
  );
}

function linesOf(text: string): number {
  return text.split("\n").reduce((lines, line) => lines + Math.max(1, Math.ceil(line.length / charactersPerLine)), 0);
}

interface LegCellProps {
  leg: LegScore | undefined;
  name: string;
  /** This leg was searched. */
  asked: boolean;
  decimals: number;
}

function LegCell({ leg, name, asked, decimals }: LegCellProps) {
  if (!leg)
    return (
      <td class="leg-column dim">
        <span aria-hidden="true">–</span>
        <span class="unseen">{asked ? `not found by ${name}` : `${name} were not searched`}</span>
      </td>
    );
  return (
    <td class="leg-column numeric">
      <span class="leg-rank">#{leg.rank}</span>
      <span class="dim">{leg.score.toFixed(decimals)}</span>
    </td>
  );
}

/** The score as a number, and under it how much of it each leg gives, against the best of the list. */
function FusedScore({ hit, best }: { hit: Hit; best: number }) {
  const share = (part = 0): string => `${Math.max(0, Math.min(100, (100 * part) / best))}%`;
  const parts = hit.words?.part !== undefined || hit.vectors?.part !== undefined;
  return (
    <>
      <span>{hit.score.toFixed(4)}</span>
      <span class="score-bar" aria-hidden="true">
        {parts ? (
          <>
            <i class="words-part" style={{ width: share(hit.words?.part) }} />
            <i class="vectors-part" style={{ width: share(hit.vectors?.part) }} />
          </>
        ) : (
          <i class="whole-part" style={{ width: share(hit.score) }} />
        )}
      </span>
      {parts && (
        <span class="parts dim" title="What words and vectors add">
          {(hit.words?.part ?? 0).toFixed(3)} + {(hit.vectors?.part ?? 0).toFixed(3)}
        </span>
      )}
    </>
  );
}
