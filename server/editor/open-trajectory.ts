import type { Reward } from "../../protocol/reward.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { shownReward } from "../rewards/fitting-reward.ts";
import { type TrajectoryText, trajectoryText } from "../trajectory-text.ts";

/** A trajectory as the editor shows it: the text of its document, and what each line of that text is. */
export interface OpenTrajectory {
  trajectory: Trajectory;
  reward: Reward | undefined;
  rendered: TrajectoryText;
  /** Lines end with a line feed. */
  text: string;
}

export function openTrajectory(trajectory: Trajectory): OpenTrajectory {
  const reward = shownReward(trajectory);
  const rendered = trajectoryText(trajectory, reward);
  return { trajectory, reward, rendered, text: rendered.lines.map(({ text }) => `${text}\n`).join("") };
}
