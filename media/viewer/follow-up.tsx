import { signal } from "@preact/signals";
import { send } from "./host.ts";
import { Icon } from "./icon.tsx";
import { view } from "./view-model.ts";

const draft = signal("");

/** The box for a question or a follow-up. Enter sends, Shift+Enter starts a line. */
export function FollowUp() {
  const { trajectory, live, empty, policy } = view.value;
  const dead = !trajectory && (empty === "no-folder" || empty === "server-down");
  const label = trajectory ? "Ask a follow-up" : "Ask a question";
  const hint = live ? "Stop the running question to ask on" : label;
  return (
    <form
      class="follow-up"
      aria-label="Question"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div class="box">
        <textarea
          aria-label={label}
          placeholder={hint}
          rows={1}
          disabled={dead}
          value={draft.value}
          onInput={(event) => (draft.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            submit();
          }}
        />
        <button
          type="submit"
          class="quiet"
          aria-label="Send"
          title="Send (Enter)"
          disabled={dead || live || draft.value.trim() === ""}
        >
          <Icon name="send" />
        </button>
      </div>
      {policy !== undefined && <div class="dim answered-by">answered by {policy}</div>}
    </form>
  );
}

function submit(): void {
  const { trajectory, live } = view.value;
  const question = draft.value.trim();
  if (live || question === "") return;
  send("ask", { question, ...(trajectory ? { follows: trajectory.id } : {}) });
  draft.value = "";
}
