import { quantile } from "./quantile.ts";

/** Sums up what pieces of work take: by the clock, and of this process's processor time with all its threads. Milliseconds. */
export class Meter {
  readonly #times: number[] = [];
  wall = 0;
  cpu = 0;

  async run(work: () => unknown): Promise<void> {
    const before = process.cpuUsage();
    const from = performance.now();
    await work();
    const time = performance.now() - from;
    const { user, system } = process.cpuUsage(before);
    this.#times.push(time);
    this.wall += time;
    this.cpu += (user + system) / 1000;
  }

  /** Of one piece of work; processor time on average. */
  figures(): { p50: number; p95: number; cpu: number } {
    const sorted = this.#times.toSorted((a, b) => a - b);
    return { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), cpu: this.cpu / sorted.length };
  }
}
