import { type AddedToken, type ByteLevelTokenizer, type PreTokenizer, type TokenizerRoles } from "../hf-tokenizer.ts";
import { numberField, numbersField, textField, textsField } from "./gguf-fields.ts";
import { GgufError, type GgufHeader } from "./read-gguf.ts";

/** How a text is cut before pairs are merged, by GGUF's name for it (`LLAMA_VOCAB_PRE_TYPE_…` of llama.cpp). */
const cuts: Record<string, PreTokenizer> = {
  smollm: "digits",
  "gpt-2": "words",
  default: "words",
  "llama-bpe": "llama3",
  llama3: "llama3",
};

/** ggml's kinds of token: control, and defined by the user. */
const controlKind = 3;
const definedKind = 4;

/** The tokenizer in a GGUF file, and which tokens have a role. Throws `GgufError` for vocabularies that are not byte-level BPE. */
export function ggufTokenizer(header: GgufHeader): {
  tokenizer: ByteLevelTokenizer;
  roles: TokenizerRoles;
  ids: { bos: number | null; eos: number; pad: number };
} {
  const kind = textField(header, "tokenizer.ggml.model");
  if (kind !== "gpt2")
    throw new GgufError(
      `The file's vocabulary is of the kind ${kind}; only byte-level ones (gpt2) can be written for the engine.`,
    );
  const pre = textField(header, "tokenizer.ggml.pre", "default");
  const cut = cuts[pre];
  if (!cut)
    throw new GgufError(
      `The file cuts text in the way ${pre}, which is not known here; known are ${Object.keys(cuts).join(", ")}.`,
    );
  const tokens = textsField(header, "tokenizer.ggml.tokens");
  const kinds = numbersField(header, "tokenizer.ggml.token_type");
  const added: AddedToken[] = tokens.flatMap((content, id) =>
    kinds[id] === controlKind || kinds[id] === definedKind ? [{ id, content, special: kinds[id] === controlKind }] : [],
  );
  const eos = numberField(header, "tokenizer.ggml.eos_token_id");
  const pad = numberField(header, "tokenizer.ggml.padding_token_id", eos);
  const named = (field: string): string | undefined =>
    header.fields.has(field) ? tokens[numberField(header, field)] : undefined;
  const bos = named("tokenizer.ggml.bos_token_id");
  const unk = named("tokenizer.ggml.unknown_token_id");
  const template = header.fields.get("tokenizer.chat_template");
  const eosToken = tokens[eos];
  const padToken = tokens[pad];
  if (eosToken === undefined || padToken === undefined)
    throw new GgufError("The file names an end token that it does not have.");
  return {
    tokenizer: { tokens, merges: textsField(header, "tokenizer.ggml.merges").map(pairOf), added, cut },
    roles: {
      ...(bos === undefined ? {} : { bos }),
      eos: eosToken,
      pad: padToken,
      ...(unk === undefined ? {} : { unk }),
      ...(typeof template === "string" ? { chatTemplate: template } : {}),
      contextLength: numberField(header, "llama.context_length"),
    },
    ids: { bos: bos === undefined ? null : tokens.indexOf(bos), eos, pad },
  };
}

function pairOf(merge: string): readonly [string, string] {
  const at = merge.indexOf(" ", 1);
  if (at === -1) throw new GgufError("The file has a merge that is no pair.");
  return [merge.slice(0, at), merge.slice(at + 1)];
}
