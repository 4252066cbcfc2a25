export interface Counts {
  passed: number;
  failed: number;
  skipped?: number;
  reason?: string;
}

export function exitCount(code: number | string, reason: string): Counts;
export function countVitestReport(file: string, code: number | string): Counts;
export function countHostReport(file: string, code: number | string): Counts;
