import { describe, expect, test } from "vitest";
import { decodeText } from "../../../server/documents/decode.ts";

const bytes = (text: string, encoding: BufferEncoding): Uint8Array => new Uint8Array(Buffer.from(text, encoding));
const text = (of: Uint8Array): string => {
  const decoded = decodeText(of);
  return decoded.ok ? decoded.text : decoded.reason;
};

describe("the encoding of a text file", () => {
  const german = "Grüße aus Köln. Der Kühlwasserdruck beträgt 4,2 bar.\n";

  test.each([
    ["UTF-8", bytes(german, "utf8")],
    ["UTF-8 with a mark", bytes(`\ufeff${german}`, "utf8")],
    ["UTF-16 with a mark", bytes(`\ufeff${german}`, "utf16le")],
    ["Latin-1", bytes(german, "latin1")],
  ])("%s is read", (_, file) => {
    expect(text(file)).toBe(german);
  });

  test("the quotation marks and the euro of Windows-1252 are read", () => {
    expect(text(Uint8Array.of(0x93, ...bytes("A pump costs 412 ", "latin1"), 0x80, 0x94))).toBe("“A pump costs 412 €”");
  });

  test("a damaged spot does not make another text of a file in UTF-8", () => {
    const damaged = Buffer.concat([bytes("Grüße aus K", "utf8"), Buffer.of(0xff), bytes("ln", "utf8")]);
    expect(text(damaged)).toBe("Grüße aus K\ufffdln");
  });

  test("bytes that are no words stay what an editor shows of them", () => {
    expect(text(Uint8Array.of(0xff, 0xfb, 0xc8, 0x41, 0xf0))).toMatch(/\ufffd/);
    expect(text(bytes(`\u0001 a pump in Köln`, "latin1"))).toMatch(/\ufffd/);
    expect(text(Uint8Array.of(0x61, 0))).toBe("binary file");
  });
});
