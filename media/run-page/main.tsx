import "../viewer/no-eval.ts";
import "./run-page.css";
import { toRunPage } from "../../protocol/run-page-messages.ts";
import { listen, send } from "../viewer/host.ts";
import { listenToKeys } from "../viewer/keyboard.ts";
import { startPage } from "../viewer/start-page.tsx";
import { receive } from "./model.ts";
import { RunPage } from "./run-page.tsx";

startPage(RunPage);
listenToKeys(document);
listen(toRunPage, receive);
send("ready", {});
