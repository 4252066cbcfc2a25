import "../no-eval.ts";
import "./many.css";
import { render } from "preact";
import { toFileView } from "../../../protocol/file-view-messages.ts";
import { listen, send } from "../host.ts";
import { listenToKeys } from "../keyboard.ts";
import { showUnseenCharacters } from "../visible-text.ts";
import { FileView } from "./file-view.tsx";
import { listenToListKeys } from "./list-keys.ts";
import { receive } from "./model.ts";

showUnseenCharacters();

const root = document.getElementById("viewer");
if (root) {
  root.replaceChildren();
  render(<FileView />, root);
}
window.addEventListener("error", ({ message }) => send("fault", { message }));
window.addEventListener("unhandledrejection", ({ reason }) => send("fault", { message: String(reason) }));
listenToKeys(document);
listenToListKeys(document);
listen(toFileView, receive);
send("ready", {});
