import { GgufError, type GgufHeader, type GgufValue } from "./read-gguf.ts";

/** The field as a number; the fallback where it is absent. Throws `GgufError` where it is absent without one, or something else. */
export function numberField({ fields }: GgufHeader, name: string, fallback?: number): number {
  const value = fields.get(name) ?? fallback;
  const number = typeof value === "bigint" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) throw lacking(name);
  return number;
}

export function textField({ fields }: GgufHeader, name: string, fallback?: string): string {
  const value = fields.get(name) ?? fallback;
  if (typeof value !== "string") throw lacking(name);
  return value;
}

export function textsField({ fields }: GgufHeader, name: string): string[] {
  const value = fields.get(name);
  if (!Array.isArray(value) || !value.every((item): item is string => typeof item === "string")) throw lacking(name);
  return value;
}

export function numbersField({ fields }: GgufHeader, name: string): number[] {
  const value: GgufValue | undefined = fields.get(name);
  if (!Array.isArray(value) || !value.every((item): item is number => typeof item === "number")) throw lacking(name);
  return value;
}

function lacking(name: string): GgufError {
  return new GgufError(`The file lacks the field ${name}, or it is not what it should be.`);
}
