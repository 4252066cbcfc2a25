import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { send } from "../host.ts";
import { Icon } from "../icon.tsx";
import { applySaved, filter, savedFilters, sort } from "./model.ts";

const naming = signal(false);

/** The filters that are kept under names: one to list by, the present one to keep, or one to forget. */
export function SavedFilters() {
  const saved = savedFilters.value;
  const present = JSON.stringify(ordered(filter.value));
  const same = saved.find(
    (each) =>
      JSON.stringify(ordered(each.filter)) === present &&
      each.sort.key === sort.value.key &&
      each.sort.descending === sort.value.descending,
  );
  const any = Object.keys(filter.value).length > 0;
  if (saved.length === 0 && !any) return null;
  return (
    <div class="filter-row saved-filters">
      {saved.length > 0 && (
        <span class="field">
          <label for="saved-filter">Saved</label>
          <select
            id="saved-filter"
            value={same?.name ?? ""}
            onChange={({ currentTarget: { value } }) => {
              const chosen = saved.find(({ name }) => name === value);
              if (chosen) applySaved(chosen);
            }}
          >
            <option value="">–</option>
            {saved.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </span>
      )}
      {same ? (
        <button
          type="button"
          class="quiet"
          aria-label={`Forget the saved filter ${same.name}`}
          onClick={() => send("removeFilter", { name: same.name })}
        >
          <Icon name="trash" /> Forget
        </button>
      ) : (
        any &&
        !naming.value && (
          <button type="button" class="quiet" onClick={() => (naming.value = true)}>
            <Icon name="save" /> Save filter…
          </button>
        )
      )}
      {naming.value && !same && <NameField />}
    </div>
  );
}

/** Enter keeps the filter under the name, Escape gives up. It stands in the form of the filters, which sends nothing. */
function NameField() {
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => input.current?.focus(), []);
  const close = (): void => {
    naming.value = false;
    document.getElementById("row-list")?.focus();
  };
  const save = (): void => {
    const name = input.current?.value.trim() ?? "";
    if (name !== "") send("saveFilter", { name, filter: filter.value, sort: sort.value });
    close();
  };
  return (
    <span class="field">
      <input
        ref={input}
        type="text"
        aria-label="Name of the filter"
        placeholder="Name"
        maxLength={60}
        onKeyDown={(event) => {
          if (event.key !== "Enter" && event.key !== "Escape") return;
          event.preventDefault();
          event.stopPropagation();
          if (event.key === "Enter") save();
          else close();
        }}
      />
      <button type="button" class="quiet" onClick={save}>
        Save
      </button>
    </span>
  );
}

function ordered(of: object): [string, unknown][] {
  return Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1));
}
