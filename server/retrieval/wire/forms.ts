import { r1SearcherForm } from "./r1-searcher.ts";
import { recallForm } from "./recall.ts";
import { searchR1Form } from "./search-r1.ts";
import type { WireForm } from "./wire-form.ts";

/** Every form that is spoken, as client and as server. */
export const wireForms: readonly WireForm[] = [r1SearcherForm, searchR1Form, recallForm];
