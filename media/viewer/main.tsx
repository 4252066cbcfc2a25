import "./no-eval.ts";
import "./viewer.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { toViewer } from "../../protocol/viewer-messages.ts";
import { listen, send } from "./host.ts";
import { listenToKeys } from "./keyboard.ts";
import { take } from "./view-model.ts";
import { showUnseenCharacters } from "./visible-text.ts";

showUnseenCharacters();

const root = document.getElementById("viewer");
if (root) {
  root.replaceChildren();
  render(<App />, root);
}
window.addEventListener("error", ({ message }) => send("fault", { message }));
window.addEventListener("unhandledrejection", ({ reason }) => send("fault", { message: String(reason) }));
listenToKeys(document);
listen(toViewer, take);
send("ready", {});
