import type { Tokens } from "../../protocol/trajectory.ts";
import { current } from "./current-token.ts";
import { textOf } from "./token-row.tsx";
import { rowOf, type TokenRow } from "./token-rows.ts";
import { type Quantity, type QuantityName, shades, valueText } from "./token-values.ts";

interface LegendProps {
  quantities: readonly Quantity[];
  quantity: Quantity | undefined;
  choose(name: QuantityName): void;
  /** False where the texts of the tokens cannot be had. */
  known: boolean;
  tokenizer: string;
}

/** Which number shades the tokens, what each shade means, and what the lines under the tokens say. */
export function TokenLegend({ quantities, quantity, choose, known, tokenizer }: LegendProps) {
  return (
    <div class="token-legend numeric">
      {quantity ? (
        <>
          <select
            aria-label="Shade tokens by"
            value={quantity.name}
            onChange={({ currentTarget }) => {
              const found = quantities.find(({ name }) => name === currentTarget.value);
              if (found) choose(found.name);
            }}
          >
            {quantities.map(({ name, label }) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
          <Scale quantity={quantity} />
        </>
      ) : (
        <span class="dim">The record holds no number of its tokens.</span>
      )}
      <span class="token-keys dim">
        <span class="token-key mask-policy">
          <span class="token">policy</span>
        </span>
        <span class="token-key mask-environment">
          <span class="token">masked</span>
        </span>
        <span class="token-key mask-prompt">
          <span class="token">prompt</span>
        </span>
      </span>
      {!known && <p class="dim">The tokenizer {tokenizer} is not on this machine; tokens are shown by their ids.</p>}
    </div>
  );
}

function Scale({ quantity }: { quantity: Quantity }) {
  const { values, neutral, reach } = quantity;
  const below = values.some((value) => typeof value === "number" && value < neutral);
  const above = values.some((value) => typeof value === "number" && value > neutral);
  const steps = Array.from({ length: shades }, (_, index) => index + 1);
  return (
    <span class="token-scale">
      {below && <span>{valueText(quantity, neutral - reach)}</span>}
      <span aria-hidden="true">
        {below && steps.toReversed().map((step) => <i key={step} class={`token below-${step}`} />)}
        <i class="token" />
        {above && steps.map((step) => <i key={step} class={`token above-${step}`} />)}
      </span>
      {above && <span>{valueText(quantity, neutral + reach)}</span>}
    </span>
  );
}

interface ReadoutProps {
  tokens: Tokens;
  texts: readonly string[] | undefined;
  rows: readonly TokenRow[];
  quantities: readonly Quantity[];
}

const masks = {
  policy: "policy, trained on",
  environment: "masked, not trained on",
  prompt: "prompt, not trained on",
  unknown: "in no segment",
} as const;

/** Everything known of the token under the pointer or the cursor; read out as the cursor moves. */
export function TokenReadout({ tokens, texts, rows, quantities }: ReadoutProps) {
  const index = Math.min(current.value, tokens.ids.length - 1);
  const id = tokens.ids[index];
  if (id === undefined) return null;
  const origin = rows[rowOf(rows, index)]?.origin ?? "unknown";
  return (
    <div class="token-readout numeric" role="status" aria-label="Token">
      <span class="dim">
        {index + 1} of {tokens.ids.length}
      </span>{" "}
      <code>{textOf(id, texts?.[index]).trimEnd()}</code>{" "}
      <span class="dim">
        id {id} · {masks[origin]}
      </span>
      <dl>
        {quantities.map((quantity) => (
          <div key={quantity.name}>
            <dt>{quantity.label}</dt>
            <dd>{valueText(quantity, quantity.values[index])}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
