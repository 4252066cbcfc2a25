/** Environment variable with the token of the proxy before a remote engine. */
export const engineTokenName = "SEARCHLIGHT_ENGINE_TOKEN";

/** Answers the token of the proxy before the engine at an address. */
export type EngineToken = (url: string) => Promise<string | undefined>;

/** What a terminal knows, and the process of a run. */
export const tokenOfEnvironment: EngineToken = () => Promise.resolve(process.env[engineTokenName] || undefined);
