import { SearchMode } from "../../protocol/passage.ts";
import { Icon } from "../viewer/icon.tsx";
import { HitTable } from "./hit-table.tsx";
import { change, failure, finding, form, note, searchAgain, searching, summary } from "./model.ts";

const modes: Readonly<Record<SearchMode, string>> = { hybrid: "Both legs", words: "Words", vectors: "Vectors" };
const counts = [10, 20, 50, 100];

/** The retrieval inspector: a query, and what each leg of the search says of every passage that it finds. */
export function Inspector() {
  return (
    <>
      {note.value !== undefined && (
        <aside class="banner" aria-label="State of the index">
          <Icon name="info" /> <span>{note.value}</span>
        </aside>
      )}
      <header class="inspector-header">
        <h1 class="unseen">Retrieval inspector</h1>
        <Form />
      </header>
      <main class="scroller">
        <Result />
      </main>
      <div class="unseen" role="status" aria-live="polite">
        {searching.value ? "" : summary.value}
      </div>
    </>
  );
}

function Form() {
  const { query, mode, k } = form.value;
  return (
    <form
      class="search-form"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        searchAgain();
      }}
    >
      <input
        id="query"
        type="search"
        aria-label="Query"
        placeholder="What is searched for"
        autocomplete="off"
        spellcheck={false}
        maxLength={10_000}
        value={query}
        autofocus
        onInput={({ currentTarget: { value } }) => change({ query: value }, true)}
      />
      <button type="submit" class="button" disabled={query.trim() === ""}>
        Search
      </button>
      <label>
        Search by{" "}
        <select value={mode} onChange={({ currentTarget: { value } }) => change({ mode: SearchMode.parse(value) })}>
          {SearchMode.options.toReversed().map((each) => (
            <option key={each} value={each}>
              {modes[each]}
            </option>
          ))}
        </select>
      </label>
      <label>
        Passages{" "}
        <select value={k} onChange={({ currentTarget: { value } }) => change({ k: Number(value) })}>
          {counts.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      </label>
    </form>
  );
}

function Result() {
  if (failure.value !== undefined)
    return (
      <p class="content trouble">
        <Icon name="error" /> {failure.value}
      </p>
    );
  const found = finding.value;
  if (!found) return searching.value ? <p class="content dim">Searching.</p> : <Explanation />;
  return (
    <div class="content" aria-busy={searching.value}>
      <p class="summary">
        {summary.value}{" "}
        {found.coverage !== undefined && <span class="dim">Not all is searched: {found.coverage}.</span>}
      </p>
      {found.hits.length > 0 && <HitTable finding={found} />}
    </div>
  );
}

function Explanation() {
  return (
    <div class="content explanation dim">
      <p>Type a query to see what a search finds, and why.</p>
      <p>
        <b>Words</b> ranks passages by the query's words in them (BM25), <b>Vectors</b> by nearness of meaning (cosine).
        The two ranks are fused into one list: that list is what a policy gets to read.
      </p>
      <p>
        <kbd>↓</kbd> <kbd>↑</kbd> from place to place, <kbd>Enter</kbd> opens the file there, <kbd>/</kbd> back to the
        query.
      </p>
    </div>
  );
}
