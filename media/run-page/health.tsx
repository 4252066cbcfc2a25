import { isLive } from "../../protocol/run-state.ts";
import { Icon } from "../viewer/icon.tsx";
import { openIteration, picture } from "./model.ts";

const shownAtOnce = 3;

/** What the health monitors found, the latest first: above everything while the run lives, and as it ended. */
export function Health() {
  const { health, state } = picture.value;
  if (health.length === 0) return null;
  const latest = health.slice(-shownAtOnce).toReversed();
  const severe = latest.some(({ level }) => level !== "warn") && (state === "paused" || !isLive(state));
  return (
    <section class={severe ? "health severe" : "health"} aria-label="Health">
      <ul>
        {latest.map(({ at, iteration, level, monitor, message }) => (
          <li key={`${at}${monitor}`}>
            <Icon name={level === "warn" ? "warning" : "error"} />{" "}
            <b>{level === "warn" ? "Warning" : level === "pause" ? "Paused" : "Stopped"}</b> {message}{" "}
            <button type="button" class="quiet" onClick={() => openIteration(iteration)}>
              Iteration {iteration}
            </button>
          </li>
        ))}
      </ul>
      {health.length > shownAtOnce && <p class="dim">{health.length - shownAtOnce} earlier ones are in the log.</p>}
    </section>
  );
}
