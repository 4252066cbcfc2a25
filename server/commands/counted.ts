/** A number with its word, for text that a person reads: `1 question`, `2 questions`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${value} ${value === 1 ? one : many}`;
}
