import { Icon } from "./icon.tsx";
import { showAnswer } from "./show-answer.ts";
import { reward, stop, trajectory, view } from "./view-model.ts";
import { count, points, seconds, stateOf } from "./wording.ts";

export function Question() {
  return <h1 class="question">{trajectory.value?.question}</h1>;
}

/** State, policy and usage in one line that stays in sight, with the stop button while the question runs. */
export function Header() {
  const shown = trajectory.value;
  if (!shown) return null;
  const { live, searching } = view.value;
  const { icon, words } = stateOf(shown, live);
  const searches = shown.searches.length;
  const facts = [count(searches, "search", "searches")];
  if (!live) facts.push(seconds(shown.usage.seconds));
  if (reward.value) facts.push(`reward ${points(reward.value.total)}`);
  return (
    <header class="header">
      <div class="facts">
        <span class={`state state-${icon}`}>
          <Icon name={icon} spin={live} /> {searching === undefined ? words : "searching"}
        </span>
        <span class="dim" title={shown.policy.chosen}>
          {shown.policy.label} · {shown.profile}
          {facts.map((fact) => (
            <>
              {" · "}
              <span class="unbroken">{fact}</span>
            </>
          ))}
        </span>
      </div>
      {live ? (
        <button type="button" class="button" title="Stop (Escape)" onClick={stop}>
          <Icon name="debug-stop" /> Stop
        </button>
      ) : (
        shown.answer && (
          <button type="button" class="quiet" title="Go to the answer" onClick={goToAnswer}>
            <Icon name="arrow-down" /> Answer
          </button>
        )
      )}
      {shown.stop?.detail !== undefined && <p class="detail">{shown.stop.detail}</p>}
    </header>
  );
}

function goToAnswer(): void {
  showAnswer();
  document.getElementById("answer")?.focus({ preventScroll: true });
}
