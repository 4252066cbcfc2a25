import { send } from "../viewer/host.ts";
import { Icon } from "../viewer/icon.tsx";
import { facts } from "./model.ts";

/** The recipe that the run was started with, as text. */
export function Configuration() {
  const { recipe, run } = facts.value!;
  return (
    <div class="content">
      <p class="tools">
        <button type="button" class="quiet" onClick={() => send("recipe", {})}>
          <Icon name="go-to-file" /> Open as a Document
        </button>
        <button type="button" class="quiet" onClick={() => send("copy", { text: recipe })}>
          <Icon name="copy" /> Copy
        </button>
        <span class="dim">Run {run.id}</span>
      </p>
      <pre class="recipe" tabIndex={0} aria-label="Recipe">
        {recipe}
      </pre>
    </div>
  );
}
