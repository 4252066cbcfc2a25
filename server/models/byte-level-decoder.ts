/** The bytes of a token, or the text of an added token, which is written as it is. */
type Piece = Uint8Array | string;

const nothing = new Uint8Array();

export interface ByteLevelVocabulary {
  /** Its ids are below it. */
  size: number;
  /** A token by its id, written in the alphabet of byte-level vocabularies; undefined for an id that is none. */
  token(id: number): string | undefined;
  /** Tokens that are ordinary text, whatever characters they have. */
  added: ReadonlySet<string>;
}

/**
 * Decodes ids of a byte-level vocabulary (the decoder `ByteLevel` of the `tokenizers` library) by a table that is filled as ids come up.
 * Bytes of neighbouring tokens are read together as UTF-8, and what is no character gives U+FFFD; an added token ends such a run. An id
 * that is none has no text.
 */
export function byteLevelDecoder({ size, token, added }: ByteLevelVocabulary): (ids: readonly number[]) => string {
  const pieces = new Array<Piece | undefined>(size).fill(undefined);
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  let bytes = Buffer.alloc(4096);

  function pieceOf(id: number): Piece {
    const content = token(id);
    if (content === undefined) return nothing;
    const piece = added.has(content) ? content : Uint8Array.from(content, (character) => byteOf.get(character) ?? 0);
    // An id that is none may have the text of the unknown token, and be any number.
    if (id < size) pieces[id] = piece;
    return piece;
  }

  return (ids) => {
    let text = "";
    let length = 0;
    let highest = 0;
    const flush = (): void => {
      // Most runs are ASCII, which needs no reading as UTF-8.
      if (length > 0)
        text += highest < 0x80 ? bytes.toString("latin1", 0, length) : utf8.decode(bytes.subarray(0, length));
      length = 0;
      highest = 0;
    };
    for (const id of ids) {
      const piece = pieces[id] ?? pieceOf(id);
      if (typeof piece === "string") {
        flush();
        text += piece;
        continue;
      }
      if (length + piece.length > bytes.length) bytes = Buffer.concat([bytes], 2 * (length + piece.length));
      for (let at = 0; at < piece.length; at++) {
        const byte = piece[at]!;
        bytes[length++] = byte;
        highest |= byte;
      }
    }
    flush();
    return text;
  };
}

/**
 * Each byte's character in byte-level vocabularies (`bytes_to_unicode` of GPT-2): printable Latin-1 characters stand for themselves, the
 * others follow from U+0100 on in the order of their bytes.
 */
const byteOf: ReadonlyMap<string, number> = new Map(
  (() => {
    const printable = (byte: number): boolean =>
      (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
    let next = 0x100;
    return Array.from({ length: 256 }, (_, byte): [string, number] => [
      String.fromCharCode(printable(byte) ? byte : next++),
      byte,
    ]);
  })(),
);
