export class Failure extends Error {}
export function say(text: string): void;
export function main(work: () => Promise<number | string | undefined>): Promise<void>;
export function diskFull(error: unknown): string | undefined;
