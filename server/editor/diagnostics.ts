import { type Diagnostic, DiagnosticSeverity } from "vscode-languageserver";
import { oneLine } from "../commands/visible-text.ts";
import { rounded } from "../trajectory-sections.ts";
import { positionIn } from "../trajectory-text.ts";
import type { OpenTrajectory } from "./open-trajectory.ts";

const width = 1_000;

/** Every broken rule of the reward where it was broken; a fine is a warning, a fault that cost nothing more is a note. */
export function diagnosticsOf({ trajectory, reward, rendered }: OpenTrajectory): Diagnostic[] {
  if (!reward) return [];
  return reward.components.flatMap(({ name, violations }) =>
    violations.map(({ rule, points, start, end, message }) => ({
      range: {
        start: positionIn(rendered, trajectory, start),
        end: positionIn(rendered, trajectory, Math.max(start, end), end > start),
      },
      severity: points < 0 ? DiagnosticSeverity.Warning : DiagnosticSeverity.Information,
      code: oneLine(rule, width),
      source: oneLine(reward.profile, width),
      message: `${oneLine(message, width)} (${oneLine(name, width)}: ${points === 0 ? "no further points" : `${rounded(points)} points`})`,
    })),
  );
}
