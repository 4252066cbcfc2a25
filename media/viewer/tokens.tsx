import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { current } from "./current-token.ts";
import { send } from "./host.ts";
import { TokenLegend, TokenReadout } from "./token-legend.tsx";
import { TokenRowView } from "./token-row.tsx";
import { moved, rowOf, type TokenRow, tokenRows } from "./token-rows.ts";
import { type QuantityName, quantitiesOf } from "./token-values.ts";
import { trajectory, view } from "./view-model.ts";
import { useVirtualRows } from "./virtual-rows.ts";

const rowHeight = 26;

const chosenQuantity = signal<QuantityName | undefined>(undefined);

/** The trajectory token by token, shaded by a number of each, its mask under the tokens. One stop of the tab key; arrows move. */
export function TokenView() {
  const shown = trajectory.value;
  const tokens = shown?.tokens;
  const texts = view.value.texts ?? undefined;
  const segments = shown?.segments;
  const scroller = useRef<HTMLDivElement>(null);
  const quantities = useMemo(() => (tokens ? quantitiesOf(tokens) : []), [tokens]);
  const rows = useMemo(() => tokenRows(tokens?.ids.length ?? 0, segments ?? [], texts), [tokens, segments, texts]);
  const virtual = useVirtualRows({ count: rows.length, scroller, estimate: rowHeight });
  useEffect(() => {
    current.value = 0;
    if (shown?.tokens) send("tokenTexts", { trajectoryId: shown.id });
  }, [shown?.id]);
  if (!shown || !tokens) return null;
  const quantity = quantities.find(({ name }) => name === chosenQuantity.value) ?? quantities[0];
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = moved(event.key, current.value, rows);
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    current.value = next;
    virtual.scrollTo(rowOf(rows, next), { align: "auto" });
  };
  const top = virtual.items[0]?.start ?? 0;
  return (
    <section class="tokens" aria-label="Tokens">
      <TokenLegend
        quantities={quantities}
        quantity={quantity}
        choose={(name) => (chosenQuantity.value = name)}
        known={view.value.texts !== null}
        tokenizer={tokens.tokenizer}
      />
      <TokenReadout tokens={tokens} texts={texts} rows={rows} quantities={quantities} />
      <div
        ref={scroller}
        class="token-list"
        role="listbox"
        tabIndex={0}
        aria-label={`${tokens.ids.length} tokens; the arrow keys move between them`}
        aria-activedescendant={`token-${current.value}`}
        onKeyDown={onKeyDown}
        onMouseOver={({ target }) => {
          const token = target instanceof HTMLElement ? target.dataset["token"] : undefined;
          if (token !== undefined) current.value = Number(token);
        }}
      >
        <div class="token-space" role="presentation" style={{ height: `${virtual.height}px` }}>
          <div class="token-window" role="presentation" style={{ transform: `translateY(${top}px)` }}>
            {virtual.items.map(({ index, key }) => (
              <div key={String(key)} ref={virtual.measure} data-index={index} role="presentation">
                <TokenRowView
                  row={rows[index]!}
                  ids={tokens.ids}
                  texts={texts}
                  quantity={quantity}
                  cursor={holds(rows[index]!, current.value) ? current.value : -1}
                />
              </div>
            ))}
          </div>
        </div>
      </div>
    </section>
  );
}

function holds({ start, end }: TokenRow, token: number): boolean {
  return token >= start && token < end;
}
