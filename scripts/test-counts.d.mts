export interface Counts {
  passed: number;
  failed: number;
  skipped?: number;
  reason?: string;
  failures?: { test: string; message: string }[];
}

export function exitCount(code: number | string, reason: string): Counts;
export function errorsFile(report: string): string;
export function countVitestReport(file: string, code: number | string): Counts;
export function countHostReport(file: string, code: number | string): Counts;
