import type { RunGroup } from "../../protocol/run.ts";
import { send } from "../viewer/host.ts";
import { Icon } from "../viewer/icon.tsx";
import { RecordView } from "../viewer/record-view.tsx";
import { trajectory } from "../viewer/view-model.ts";
import { count, points } from "../viewer/wording.ts";
import {
  chooseIteration,
  chooseRollout,
  chosenIteration,
  chosenRollout,
  facts,
  latestIteration,
  picture,
  rolloutKept,
  shownGroups,
  shownIteration,
} from "./model.ts";

/** The rollouts of one iteration: groups on the left, the chosen rollout with its masked spans and its reward on the right. */
export function Rollouts() {
  return (
    <div class="rollouts">
      <section class="groups" aria-label="Groups">
        <IterationChoice />
        <Groups />
      </section>
      <section class="rollout" aria-label="Rollout">
        <Rollout />
      </section>
    </div>
  );
}

function IterationChoice() {
  const iteration = shownIteration.value;
  const latest = latestIteration.value;
  if (iteration === undefined || latest === undefined) return null;
  const go = (to: number): void => chooseIteration(Math.max(0, Math.min(latest, to)));
  return (
    <p class="tools">
      <button
        type="button"
        class="quiet"
        aria-label="Earlier iteration"
        disabled={iteration === 0}
        onClick={() => go(iteration - 1)}
      >
        <Icon name="chevron-left" />
      </button>
      <label>
        Iteration{" "}
        <input
          type="number"
          min={1}
          max={latest + 1}
          value={iteration + 1}
          onChange={({ currentTarget: { valueAsNumber } }) => Number.isInteger(valueAsNumber) && go(valueAsNumber - 1)}
        />
      </label>
      <button
        type="button"
        class="quiet"
        aria-label="Later iteration"
        disabled={iteration >= latest}
        onClick={() => go(iteration + 1)}
      >
        <Icon name="chevron-right" />
      </button>
      {chosenIteration.value === undefined ? (
        <span class="dim">the latest</span>
      ) : (
        <button type="button" class="quiet" onClick={() => chooseIteration(undefined)}>
          {latest > iteration ? `Show the latest (${latest + 1})` : "Follow the latest"}
        </button>
      )}
      {facts.value?.local && (
        <button type="button" class="quiet" onClick={() => send("openFile", {})}>
          <Icon name="list-tree" /> All Trajectories
        </button>
      )}
    </p>
  );
}

function Groups() {
  const groups = shownGroups.value;
  if (groups === undefined) return <p class="dim">Reading the groups.</p>;
  if (groups.length === 0)
    return (
      <p class="dim">
        {picture.value.groups.length === 0 ? "No rollout has ended yet." : "No group of this iteration is kept."}
      </p>
    );
  const most = Math.max(...groups.flatMap(({ rewards }) => rewards.map(Math.abs)), 1e-9);
  return (
    <ol class="group-list">
      {groups.map((group) => (
        <Group key={group.questionId} group={group} most={most} />
      ))}
    </ol>
  );
}

function Group({ group, most }: { group: RunGroup; most: number }) {
  const { question, rewards, trajectories, zeroVariance, trained, stage } = group;
  const mean = rewards.reduce((sum, reward) => sum + reward, 0) / Math.max(1, rewards.length);
  const spread = Math.sqrt(
    rewards.reduce((sum, reward) => sum + (reward - mean) ** 2, 0) / Math.max(1, rewards.length),
  );
  return (
    <li class="group">
      <h2>{question}</h2>
      <p class="dim numeric">
        {stage} · mean {points(mean)} · spread {spread.toFixed(2)}
        {zeroVariance && " · all equal, nothing to learn"}
        {!trained && " · not trained on"}
      </p>
      <ul class="rollout-buttons">
        {trajectories.map((id, index) => (
          <li key={id}>
            <RolloutButton group={group} index={index} most={most} />
          </li>
        ))}
      </ul>
    </li>
  );
}

/** A rollout as a bar of its reward; the words in its label say the same. */
function RolloutButton({ group, index, most }: { group: RunGroup; index: number; most: number }) {
  const id = group.trajectories[index]!;
  const reward = group.rewards[index] ?? 0;
  const advantage = group.advantages[index];
  const stop = group.stops[index] ?? "";
  const label = [
    `Rollout ${index + 1}: reward ${points(reward)}`,
    ...(advantage === undefined ? [] : [`advantage ${points(advantage)}`]),
    count(group.searches[index] ?? 0, "search", "searches"),
    stop.replaceAll("-", " "),
  ].join(", ");
  return (
    <button
      type="button"
      class="rollout-button numeric"
      aria-pressed={chosenRollout.value === id}
      aria-label={label}
      title={label}
      onClick={() => chooseRollout(id)}
    >
      <i
        class={reward < 0 ? "bar loss" : "bar gain"}
        style={{ height: `${(100 * Math.abs(reward)) / most}%` }}
        aria-hidden="true"
      />
      <span>{points(reward)}</span>
    </button>
  );
}

function Rollout() {
  const id = chosenRollout.value;
  if (id === undefined)
    return <p class="content dim">Choose a rollout to read it with its masked text and its reward.</p>;
  if (rolloutKept.value === false) return <p class="content">This rollout is not kept any more.</p>;
  if (rolloutKept.value === undefined || trajectory.value?.id !== id) return <p class="content dim">Reading…</p>;
  return (
    <div class="content">
      <p class="tools">
        <button type="button" class="quiet" onClick={() => send("openTrajectory", { trajectoryId: id })}>
          <Icon name="open-preview" /> Show in the Trajectory View
        </button>
      </p>
      <RecordView />
    </div>
  );
}
