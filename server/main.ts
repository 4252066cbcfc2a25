import { ProposedFeatures, createConnection } from "vscode-languageserver/node";
import { serve } from "./serve.ts";

// Standard output belongs to the transport; whatever a library prints must not break it.
for (const level of ["log", "info", "debug"] as const) console[level] = console.error;

serve(createConnection(ProposedFeatures.all));
