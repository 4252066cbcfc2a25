import { config } from "zod";

// Compiled parsers need eval, which the view's content policy forbids. Imported before any schema is made.
config({ jitless: true });
