import "../viewer/no-eval.ts";
import "./run-page.css";
import { render } from "preact";
import { toRunPage } from "../../protocol/run-page-messages.ts";
import { listen, send } from "../viewer/host.ts";
import { listenToKeys } from "../viewer/keyboard.ts";
import { showUnseenCharacters } from "../viewer/visible-text.ts";
import { receive } from "./model.ts";
import { RunPage } from "./run-page.tsx";

showUnseenCharacters();

const root = document.getElementById("viewer");
if (root) {
  root.replaceChildren();
  render(<RunPage />, root);
}
window.addEventListener("error", ({ message }) => send("fault", { message }));
window.addEventListener("unhandledrejection", ({ reason }) => send("fault", { message: String(reason) }));
listenToKeys(document);
listen(toRunPage, receive);
send("ready", {});
