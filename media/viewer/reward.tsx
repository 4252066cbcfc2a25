import { Fragment } from "preact";
import { Icon } from "./icon.tsx";
import { trajectory } from "./view-model.ts";

/** The reward as a sum: total, components, and under each the rules it lost to. */
export function RewardTable() {
  const reward = trajectory.value?.reward;
  if (!reward) return null;
  return (
    <section class="reward" aria-label="Reward">
      <h2>
        Reward <span class="numeric">{signed(reward.total)}</span> <span class="dim">{reward.profile}</span>
      </h2>
      <table class="numeric">
        <thead>
          <tr>
            <th scope="col">Component</th>
            <th scope="col">Value</th>
            <th scope="col">Weight</th>
            <th scope="col">Points</th>
          </tr>
        </thead>
        <tbody>
          {reward.components.map((component) => (
            <Fragment key={component.name}>
              <tr>
                <th scope="row">{component.name}</th>
                <td>{signed(component.value)}</td>
                <td>× {component.weight}</td>
                <td>{signed(component.value * component.weight)}</td>
              </tr>
              {component.violations.map((violation, index) => (
                <tr key={index} class="violation">
                  <td colSpan={3}>
                    <Icon name="warning" /> {violation.rule}: {violation.message}
                  </td>
                  <td>{signed(violation.points)}</td>
                </tr>
              ))}
            </Fragment>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function signed(value: number): string {
  return `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)}`;
}
