import { send } from "../viewer/host.ts";
import { Icon } from "../viewer/icon.tsx";
import { show } from "./chart-plan.ts";
import { facts, picture } from "./model.ts";

/** The checkpoints, the latest first, and what can be done with each. */
export function Checkpoints() {
  const { checkpoints } = picture.value;
  const restricted = facts.value?.restricted !== undefined;
  if (checkpoints.length === 0) return <p class="content dim">No checkpoint was saved yet.</p>;
  return (
    <div class="content">
      <table class="list numeric">
        <caption class="unseen">Checkpoints</caption>
        <thead>
          <tr>
            <th scope="col">Checkpoint</th>
            <th scope="col">Iterations in it</th>
            <th scope="col">Stage</th>
            <th scope="col">Score</th>
            <th scope="col">Actions</th>
          </tr>
        </thead>
        <tbody>
          {checkpoints.toReversed().map(({ name, iteration, stage, score, best }) => (
            <tr key={name}>
              <th scope="row">
                {name}{" "}
                {best && (
                  <span class="best">
                    <Icon name="star-full" /> best
                  </span>
                )}
              </th>
              <td>{iteration}</td>
              <td>{stage}</td>
              <td>{show(score)}</td>
              <td>
                <button
                  type="button"
                  class="quiet"
                  disabled={restricted}
                  aria-label={`Use This Checkpoint: ${name}`}
                  onClick={() => send("checkpoint", { name, act: "use" })}
                >
                  <Icon name="check" /> Use This Checkpoint
                </button>
                <button
                  type="button"
                  class="quiet"
                  aria-label={`Export Adapter… of ${name}`}
                  onClick={() => send("checkpoint", { name, act: "export" })}
                >
                  <Icon name="export" /> Export Adapter…
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
