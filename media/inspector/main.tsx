import "../viewer/no-eval.ts";
import "./inspector.css";
import { toInspector } from "../../protocol/inspector-messages.ts";
import { listen, send } from "../viewer/host.ts";
import { startPage } from "../viewer/start-page.tsx";
import { Inspector } from "./inspector.tsx";
import { listenToKeys } from "./inspector-keys.ts";
import { receive, searchAgain } from "./model.ts";

startPage(Inspector);
listenToKeys(document);
listen(toInspector, receive);
send("ready", {});
// What was searched for before a reload.
searchAgain();
