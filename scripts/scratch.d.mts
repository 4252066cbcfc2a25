export function shortScratchFolder(prefix: string): string;
