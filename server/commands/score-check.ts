import type { Reward } from "../../protocol/reward.ts";
import { rewardProfile } from "../rewards/profiles.ts";
import type { RewardProfile } from "../rewards/reward-profile.ts";
import { CommandError, print } from "./output.ts";
import { oneLine } from "./visible-text.ts";

const tolerance = 1e-9;

/** Holds rewards that files recorded against the rewards that their trajectories are given again. */
export class RewardCheck {
  checked = 0;
  unchecked = 0;
  readonly failed: { id: string; line: number; differences: string[] }[] = [];

  /** The profile that a recorded reward names, where it is a known one. */
  static profileOf(recorded: Reward | undefined): RewardProfile | undefined {
    return recorded && rewardProfile(recorded.profile);
  }

  add({ id, line }: { id: string; line: number }, recorded: Reward | undefined, scored: Reward): void {
    if (!recorded) {
      this.unchecked += 1;
      return;
    }
    this.checked += 1;
    const differences = rewardDifferences(recorded, scored);
    if (differences.length > 0) this.failed.push({ id, line, differences });
  }

  print(): void {
    for (const { id, line, differences } of this.failed) {
      print(`failed: ${oneLine(id, 60)}, line ${line}`);
      for (const difference of differences) print(`  ${oneLine(difference, 200)}`);
    }
    const without = this.unchecked === 0 ? "" : `; ${this.unchecked} have no recorded reward`;
    print(`${this.checked - this.failed.length} of ${this.checked} recorded rewards hold${without}`);
  }

  /** Throws a CommandError where a reward does not hold, or there was none to hold. */
  demand(file: string): void {
    if (this.checked === 0)
      throw new CommandError(`${file} holds no recorded reward to check; Add as Test in the viewer writes such files.`);
    if (this.failed.length > 0)
      throw new CommandError(`${this.failed.length} of ${this.checked} recorded rewards of ${file} do not hold.`);
  }
}

/** What differs between a recorded reward and one that was worked out again, a sentence each; none where they are the same. */
export function rewardDifferences(recorded: Reward, scored: Reward): string[] {
  const differences: string[] = [];
  // A component that one of them lacks is worth nothing there: terms that are not paid come and go.
  const told = (what: string, before = 0, now = 0): void => {
    if (Math.abs(before - now) > tolerance) differences.push(`${what} was ${before} and is ${now}`);
  };
  told("the reward", recorded.total, scored.total);
  const points = ({ components }: Reward) => new Map(components.map((each) => [each.name, each.value * each.weight]));
  const [before, now] = [points(recorded), points(scored)];
  for (const name of new Set([...before.keys(), ...now.keys()])) told(name, before.get(name), now.get(name));
  const [broken, breaks] = [rulesOf(recorded), rulesOf(scored)];
  for (const rule of broken) if (!breaks.has(rule)) differences.push(`${rule} was broken and is not`);
  for (const rule of breaks) if (!broken.has(rule)) differences.push(`${rule} is broken and was not`);
  return differences;
}

function rulesOf({ components }: Reward): Set<string> {
  return new Set(components.flatMap(({ violations }) => violations.map(({ rule }) => rule)));
}
