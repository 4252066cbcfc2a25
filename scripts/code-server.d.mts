export interface CodeServerOptions {
  node: string;
  entry: string;
  home: string;
  vsix?: string | undefined;
  settings?: Record<string, unknown>;
  args?: readonly string[];
  env?: Record<string, string>;
  password?: string;
  port?: number;
  bare?: boolean;
}

export interface CodeServer {
  origin: string;
  port: number;
  pid: number | undefined;
  userData: string;
  extensions: string;
  ended: Promise<number | string>;
  log(): string;
  stop(): Promise<void>;
}

export function startCodeServer(options: CodeServerOptions): Promise<CodeServer>;
export function windowAddress(origin: string, folder?: string): string;
export function writeSettings(file: string, settings: Record<string, unknown>): void;
