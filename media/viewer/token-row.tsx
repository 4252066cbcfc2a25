import { Component } from "preact";
import { segmentLabel } from "./wording.ts";
import type { TokenRow } from "./token-rows.ts";
import { type Quantity, shadeOf } from "./token-values.ts";

interface TokenRowProps {
  row: TokenRow;
  ids: readonly number[];
  /** Absent where the texts are not known: then ids are drawn. */
  texts: readonly string[] | undefined;
  quantity: Quantity | undefined;
  /** Index of the token that the readout speaks of where it is in this row, else −1. */
  cursor: number;
}

/** One row of tokens; drawn again only when something in it changed. */
export class TokenRowView extends Component<TokenRowProps> {
  override shouldComponentUpdate(next: Readonly<TokenRowProps>): boolean {
    const { row, texts, quantity, cursor } = this.props;
    return next.row !== row || next.texts !== texts || next.quantity !== quantity || next.cursor !== cursor;
  }

  override render({ row, ids, texts, quantity, cursor }: TokenRowProps) {
    const { start, end, origin, opens } = row;
    const indices = Array.from({ length: end - start }, (_, offset) => start + offset);
    return (
      <div class={`token-row mask-${origin ?? "unknown"}`} role="presentation">
        {opens && (
          <div class="token-segment dim" role="presentation" aria-hidden="true">
            {segmentLabel(opens)}
            {opens.origin === "environment" && " · not trained on"}
          </div>
        )}
        {indices.map((index) => (
          <span
            key={index}
            id={`token-${index}`}
            data-token={index}
            role="option"
            aria-selected={index === cursor}
            class={classOf(quantity, index, index === cursor)}
          >
            {textOf(ids[index]!, texts?.[index])}
          </span>
        ))}
      </div>
    );
  }
}

function classOf(quantity: Quantity | undefined, index: number, isCursor: boolean): string {
  const shade = quantity ? shadeOf(quantity, quantity.values[index]) : 0;
  const side = shade < 0 ? `below-${-shade}` : shade > 0 ? `above-${shade}` : "";
  return ["token", side, isCursor ? "cursor" : ""].filter(Boolean).join(" ");
}

/** A token as it is drawn: line feeds, tabs and a token of nothing would not be seen otherwise. */
export function textOf(id: number, text: string | undefined): string {
  if (text === undefined) return `#${id} `;
  if (text === "") return "∅";
  return text
    .replaceAll("\n", "⏎")
    .replaceAll("\t", "⇥")
    .replace(/^ +$/, (spaces) => "␣".repeat(spaces.length));
}
