import { z } from "zod";

/** One place at which another way of finding the retrieval mask would mask something else. */
export const MaskDisagreement = z.object({
  /** `forged-tag`, `unclosed-block`, `tokenizer-mismatch` or `trained-break`. */
  kind: z.string(),
  /** A search for tags in the text, or the released search for token ids. */
  found: z.enum(["text", "released"]),
  /** UTF-16 range of the trajectory's text. */
  start: z.int().min(0),
  end: z.int().min(0),
  /** Tokens on which the masks differ; 0 for a search in the text. */
  tokens: z.int().min(0),
  message: z.string(),
});
export type MaskDisagreement = z.infer<typeof MaskDisagreement>;

/** What the audit of a trajectory's mask found. It agrees when no way of finding the mask trains on other policy text. */
export const MaskVerdict = z.object({ agree: z.boolean(), disagreements: z.array(MaskDisagreement) });
export type MaskVerdict = z.infer<typeof MaskVerdict>;
