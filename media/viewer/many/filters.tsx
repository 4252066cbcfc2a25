import {
  type RightMeasure,
  rightF1,
  rightMeasures,
  type RowFilter,
  type RowSort,
  rowSortKeys,
} from "../../../protocol/trajectory-file.ts";
import { Icon } from "../icon.tsx";
import { SavedFilters } from "./saved-filters.tsx";
import { useDraft } from "./draft.ts";
import { againstName, filter, savedFilters, setFilter, setSort, sort, summary } from "./model.ts";

const sortWords: Readonly<Record<RowSort["key"], string>> = {
  line: "line",
  step: "step",
  question: "question",
  reward: "reward",
  advantage: "advantage",
  searches: "searches",
  length: "length",
};

const marks = ["excluded", "included", "noted"] as const;

const rightWords: Readonly<Record<RightMeasure, string>> = {
  cem1: "cover match",
  em: "exact match",
  f1: `F1 of ${rightF1}`,
};

const flips = ["either", "won", "lost"] as const;

/** What the list shows and in which order. A filter whose values no row has is left out. */
export function Filters() {
  const { steps = [], stops = [], rules = [], components = [], tags = [] } = summary.value?.facets ?? {};
  const { step, prompt, stop, rule, component, text, searches, least, most, tag, marked, flip, rightBy } = filter.value;
  const any = Object.keys(filter.value).length > 0;
  return (
    <form class="filters" role="search" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <input
        type="search"
        id="text-filter"
        aria-label="Text in transcripts and queries"
        placeholder="Search transcripts and queries (/)"
        title={'Words in any order; "words in quotes" follow each other'}
        {...useDraft(text ?? "", (written) => change({ text: written === "" ? undefined : written }))}
      />
      <div class="filter-row">
        {steps.length > 1 && (
          <Choice
            label="Step"
            value={step === undefined ? "" : String(step)}
            values={steps.map(String)}
            onChange={(value) => change({ step: value === "" ? undefined : Number(value) })}
          />
        )}
        <span class="field">
          <label for="filter-prompt">Prompt</label>
          <input
            type="search"
            id="filter-prompt"
            title="What the name of the group or the question holds"
            {...useDraft(prompt ?? "", (written) => change({ prompt: written === "" ? undefined : written }))}
          />
        </span>
        <Choice
          label="Stop"
          value={stop ?? ""}
          values={stops}
          onChange={(value) => change({ stop: value || undefined })}
        />
        {rules.length > 0 && (
          <Choice
            label="Broken rule"
            value={rule ?? ""}
            values={rules}
            onChange={(value) => change({ rule: value || undefined })}
          />
        )}
        <Bound label="Searches" value={searches} whole onChange={(value) => change({ searches: value })} />
      </div>
      {components.length > 0 && (
        <div class="filter-row">
          <Choice
            label="Reward"
            all="total"
            value={component ?? ""}
            values={components}
            onChange={(value) => change({ component: value || undefined })}
          />
          <Bound label="At least" value={least} onChange={(value) => change({ least: value })} />
          <Bound label="At most" value={most} onChange={(value) => change({ most: value })} />
        </div>
      )}
      <div class="filter-row">
        {(tags.length > 0 || tag !== undefined) && (
          <Choice
            label="Tag"
            value={tag ?? ""}
            values={tags}
            onChange={(value) => change({ tag: value || undefined })}
          />
        )}
        <Choice
          label="Marked"
          value={marked ?? ""}
          values={marks}
          onChange={(value) => change({ marked: marks.find((mark) => mark === value) })}
        />
        {againstName.value !== undefined && (
          <Choice
            label="Flips"
            value={flip ?? ""}
            values={flips}
            onChange={(value) => change({ flip: flips.find((each) => each === value) })}
          />
        )}
        {againstName.value !== undefined && (
          <Choice
            label="Right by"
            all={rightWords.cem1}
            value={rightBy === undefined ? "" : rightWords[rightBy]}
            values={[rightWords.em, rightWords.f1]}
            onChange={(value) => change({ rightBy: rightMeasures.find((each) => rightWords[each] === value) })}
          />
        )}
      </div>
      <div class="filter-row">
        <span class="field">
          <label for="filter-sort">Sort</label>
          <select
            id="filter-sort"
            value={sort.value.key}
            onChange={({ currentTarget: { value } }) => {
              const key = rowSortKeys.find((name) => name === value);
              if (key) setSort({ key, descending: key === "reward" || key === "advantage" });
            }}
          >
            {rowSortKeys.map((key) => (
              <option key={key} value={key}>
                {sortWords[key]}
              </option>
            ))}
          </select>
          <button
            type="button"
            class="quiet"
            aria-label={sort.value.descending ? "Descending; sort ascending" : "Ascending; sort descending"}
            onClick={() => setSort({ ...sort.value, descending: !sort.value.descending })}
          >
            <Icon name={sort.value.descending ? "arrow-down" : "arrow-up"} />
          </button>
        </span>
      </div>
      <div class="filter-actions" hidden={!any && savedFilters.value.length === 0}>
        {any && (
          <button type="button" class="quiet" onClick={() => setFilter({})}>
            <Icon name="clear-all" /> Clear filters
          </button>
        )}
        <SavedFilters />
      </div>
    </form>
  );
}

/** Changes parts of the filter; undefined takes a part away. */
function change(parts: { [K in keyof RowFilter]: RowFilter[K] | undefined }): void {
  const entries = Object.entries({ ...filter.value, ...parts }).filter(([, value]) => value !== undefined);
  setFilter(Object.fromEntries(entries) as RowFilter);
}

interface ChoiceProps {
  label: string;
  all?: string;
  value: string;
  values: readonly string[];
  onChange(value: string): void;
}

function Choice({ label, all = "any", value, values, onChange }: ChoiceProps) {
  const known = value === "" || values.includes(value) ? values : [value, ...values];
  const id = `filter-${label.replaceAll(" ", "-")}`;
  return (
    <span class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        <option value="">{all}</option>
        {known.map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
    </span>
  );
}

/** What no row can have bounds nothing: a number that is none, or a fraction where whole numbers are counted. */
function numberIn(written: string, whole: boolean): number | undefined {
  const number = written.trim() === "" ? Number.NaN : Number(written);
  return Number.isFinite(number) && (!whole || (Number.isInteger(number) && number >= 0)) ? number : undefined;
}

interface BoundProps {
  label: string;
  value: number | undefined;
  whole?: boolean;
  onChange(value: number | undefined): void;
}

function Bound({ label, value, whole = false, onChange }: BoundProps) {
  const id = `filter-${label.replaceAll(" ", "-")}`;
  return (
    <span class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="number"
        {...(whole ? { min: 0, step: 1 } : { step: "any" })}
        {...useDraft(value === undefined ? "" : String(value), (written) => onChange(numberIn(written, whole)))}
      />
    </span>
  );
}
