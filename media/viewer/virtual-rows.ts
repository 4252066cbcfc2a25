import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type ScrollToOptions,
  Virtualizer,
} from "@tanstack/virtual-core";
import type { RefObject } from "preact";
import { useLayoutEffect, useReducer, useState } from "preact/hooks";

interface RowsOptions {
  count: number;
  scroller: RefObject<HTMLElement | null>;
  /** Height of a row that was not measured yet, in pixels. */
  estimate: number;
  key?: (index: number) => string | number;
}

export interface VirtualRows {
  /** Rows in or near sight. */
  items: readonly { index: number; start: number; key: string | number | bigint }[];
  /** Height of all rows together, in pixels. */
  height: number;
  /** To be the `ref` of each row's element, which carries its index as `data-index`. */
  measure: (element: Element | null) => void;
  scrollTo: (index: number, options?: ScrollToOptions) => void;
}

/** Draws of a long list only the rows in sight; heights are measured as rows come into sight. */
export function useVirtualRows({ count, scroller, estimate, key }: RowsOptions): VirtualRows {
  const [, redraw] = useReducer((drawn: number) => drawn + 1, 0);
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => estimate,
    getItemKey: key ?? ((index: number) => index),
    overscan: 6,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw(undefined),
  };
  const [virtualizer] = useState(() => new Virtualizer<HTMLElement, Element>(options));
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => virtualizer._willUpdate());
  return {
    items: virtualizer.getVirtualItems(),
    height: virtualizer.getTotalSize(),
    measure: virtualizer.measureElement,
    scrollTo: (index, how) => virtualizer.scrollToIndex(index, how),
  };
}
