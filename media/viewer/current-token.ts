import { signal } from "@preact/signals";

/** The token that the readout speaks of: the one under the pointer, else the one that the keys moved to. */
export const current = signal(0);
