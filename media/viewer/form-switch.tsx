import { setTokens, tokensShown, trajectory } from "./view-model.ts";

/** Text or tokens, where the record has tokens. */
export function FormSwitch() {
  if (!trajectory.value?.tokens) return null;
  return (
    <div class="form-switch" role="group" aria-label="Show as">
      {[false, true].map((tokens) => (
        <button
          key={String(tokens)}
          type="button"
          class="quiet"
          aria-pressed={tokensShown.value === tokens}
          onClick={() => setTokens(tokens)}
        >
          {tokens ? "Tokens" : "Text"}
        </button>
      ))}
    </div>
  );
}
