import { Tokens } from "../../protocol/trajectory.ts";

/** What stands before the numbers of packed tokens. */
interface Header {
  tokenizer: string;
  count: number;
  /** Names of the arrays of numbers behind the ids, in their order. */
  arrays: string[];
}

const lengthBytes = 4;

/**
 * Tokens as bytes: the length of a header and the header as JSON, then the ids as 32-bit whole numbers and each array of numbers as 64-bit
 * floats, little-endian; NaN stands for null. As JSON they are most of a record's size.
 */
export function packTokens({ tokenizer, ids, ...rest }: Tokens): Buffer {
  const arrays = Object.entries(rest).filter((entry): entry is [string, (number | null)[]] => entry[1] !== undefined);
  const header: Header = { tokenizer, count: ids.length, arrays: arrays.map(([name]) => name) };
  const head = Buffer.from(JSON.stringify(header), "utf8");
  const bytes = Buffer.alloc(lengthBytes + head.length + ids.length * (4 + 8 * arrays.length));
  bytes.writeUInt32LE(head.length);
  head.copy(bytes, lengthBytes);
  let at = lengthBytes + head.length;
  for (const id of ids) at = bytes.writeUInt32LE(id, at);
  for (const [, values] of arrays) for (const value of values) at = bytes.writeDoubleLE(value ?? Number.NaN, at);
  return bytes;
}

/** The tokens that bytes stand for; undefined where they are none. */
export function unpackTokens(packed: Uint8Array): Tokens | undefined {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  try {
    const from = lengthBytes + bytes.readUInt32LE();
    const { tokenizer, count, arrays } = JSON.parse(bytes.toString("utf8", lengthBytes, from)) as Header;
    let at = from;
    const read = <T>(size: number, value: (place: number) => T): T[] =>
      Array.from({ length: count }, () => {
        const place = at;
        at += size;
        return value(place);
      });
    const ids = read(4, (place) => bytes.readUInt32LE(place));
    const values = arrays.map((name) => [
      name,
      read(8, (place) => {
        const number = bytes.readDoubleLE(place);
        return Number.isNaN(number) ? null : number;
      }),
    ]);
    return at === bytes.length ? Tokens.safeParse({ tokenizer, ids, ...Object.fromEntries(values) }).data : undefined;
  } catch {
    return undefined;
  }
}

/** Whether tokens can be packed without loss: every id is one of 32 bits, and every array as long as the ids. */
export function canPack(tokens: Tokens): boolean {
  const { ids } = tokens;
  const arrays = Object.values(tokens).filter((value) => Array.isArray(value));
  return ids.every((id) => id < 2 ** 32) && arrays.every(({ length }) => length === ids.length);
}
