import "../no-eval.ts";
import "./many.css";
import { toFileView } from "../../../protocol/file-view-messages.ts";
import { listen, send } from "../host.ts";
import { listenToKeys } from "../keyboard.ts";
import { startPage } from "../start-page.tsx";
import { FileView } from "./file-view.tsx";
import { listenToListKeys } from "./list-keys.ts";
import { receive } from "./model.ts";

startPage(FileView, { asText: true });
listenToKeys(document);
listenToListKeys(document);
listen(toFileView, receive);
send("ready", {});
