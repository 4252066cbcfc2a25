import "./no-eval.ts";
import "./viewer.css";
import { App } from "./app.tsx";
import { toViewer } from "../../protocol/viewer-messages.ts";
import { listen, send } from "./host.ts";
import { listenToKeys } from "./keyboard.ts";
import { startPage } from "./start-page.tsx";
import { take } from "./view-model.ts";

startPage(App, { asText: true });
listenToKeys(document);
listen(toViewer, take);
send("ready", {});
