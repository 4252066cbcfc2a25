import type { Params } from "../../protocol/message.ts";
import type { fromViewer } from "../../protocol/viewer-messages.ts";
import { send } from "./host.ts";
import { Icon } from "./icon.tsx";
import type { Empty } from "./state.ts";
import { view } from "./view-model.ts";

type Command = Params<(typeof fromViewer)["command"]>["command"];

interface Words {
  icon: string;
  heading: string;
  text: string;
  buttons: readonly { label: string; command: Command }[];
}

const words: Readonly<Record<Empty, Words>> = {
  "no-folder": {
    icon: "folder",
    heading: "No folder is open",
    text: "Searchlight answers from the documents of a folder, and cites the lines.",
    buttons: [{ label: "Open Folder", command: "openFolder" }],
  },
  "no-question": {
    icon: "search",
    heading: "Ask the documents",
    text: "Watch each search, read what was found, and open every citation at its lines.",
    buttons: [
      { label: "Choose Model…", command: "chooseModel" },
      { label: "Past Questions", command: "trajectories" },
      { label: "Index Status", command: "showIndex" },
    ],
  },
  "server-down": {
    icon: "error",
    heading: "The server is not running",
    text: "It stopped too often and is not started again by itself.",
    buttons: [{ label: "Restart…", command: "showIndex" }],
  },
  starting: { icon: "loading", heading: "Starting", text: "The documents are being opened.", buttons: [] },
};

/** What stands in place of a trajectory, and what can be done from there. */
export function EmptyState() {
  const { empty } = view.value;
  const { icon, heading, text, buttons } = words[empty];
  return (
    <div class="empty">
      <h1>
        <Icon name={icon} spin={empty === "starting"} /> {heading}
      </h1>
      <p>{text}</p>
      {buttons.map(({ label, command }) => (
        <button
          key={command}
          type="button"
          class={buttons.length === 1 ? "button" : "button secondary"}
          onClick={() => send("command", { command })}
        >
          {label}
        </button>
      ))}
    </div>
  );
}
