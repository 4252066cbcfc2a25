import "../viewer/no-eval.ts";
import "./inspector.css";
import { render } from "preact";
import { toInspector } from "../../protocol/inspector-messages.ts";
import { listen, send } from "../viewer/host.ts";
import { showUnseenCharacters } from "../viewer/visible-text.ts";
import { Inspector } from "./inspector.tsx";
import { listenToKeys } from "./inspector-keys.ts";
import { receive, searchAgain } from "./model.ts";

showUnseenCharacters();

const root = document.getElementById("viewer");
if (root) {
  root.replaceChildren();
  render(<Inspector />, root);
}
window.addEventListener("error", ({ message }) => send("fault", { message }));
window.addEventListener("unhandledrejection", ({ reason }) => send("fault", { message: String(reason) }));
listenToKeys(document);
listen(toInspector, receive);
send("ready", {});
// What was searched for before a reload.
searchAgain();
