import type { StoreScheme } from "./index-place.ts";

/** What LanceDB is told of a store. */
export interface StoreOptions {
  /** For object stores. */
  storage: Record<string, string>;
  /** For LanceDB servers. */
  remote: { apiKey?: string; region?: string; hostOverride?: string };
}

/** A store that does not answer is given up after this: a search waits no longer, and the index goes on with what it has. */
const limits = {
  timeout: "30s",
  connect_timeout: "5s",
  client_max_retries: "3",
  client_retry_timeout: "20",
};

/**
 * How a store is reached. `key` is what the editor's secrets hold for it: `KEY_ID:SECRET` or `KEY_ID:SECRET:SESSION` for s3, the JSON of a
 * service account for gs, `ACCOUNT:KEY` for az, the API key for db. Without one the environment's usual variables hold (`AWS_ACCESS_KEY_ID`,
 * `GOOGLE_APPLICATION_CREDENTIALS`, `AZURE_STORAGE_ACCOUNT_NAME`, `LANCEDB_API_KEY`, …), which the library reads itself.
 */
export function storeOptions(scheme: StoreScheme, key?: string, env: NodeJS.ProcessEnv = process.env): StoreOptions {
  const remote: StoreOptions["remote"] = {};
  const storage: Record<string, string> = { ...limits };
  const [first = "", second = "", session] = (key ?? "").split(":");
  switch (scheme) {
    case "s3": {
      if (key) Object.assign(storage, { aws_access_key_id: first, aws_secret_access_key: second });
      if (key && session) storage["aws_session_token"] = session;
      const endpoint = env["AWS_ENDPOINT_URL_S3"] ?? env["AWS_ENDPOINT_URL"] ?? env["AWS_ENDPOINT"];
      if (endpoint) {
        storage["aws_endpoint"] = endpoint;
        // Servers that are not Amazon's rarely have a host name for each bucket.
        storage["aws_virtual_hosted_style_request"] = "false";
        if (isLoopback(endpoint)) storage["allow_http"] = "true";
      }
      storage["aws_region"] = env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"] ?? "us-east-1";
      break;
    }
    case "gs":
      if (key) storage["google_service_account_key"] = key;
      break;
    case "az":
      if (key) Object.assign(storage, { azure_storage_account_name: first, azure_storage_account_key: second });
      break;
    case "db": {
      const apiKey = key ?? env["LANCEDB_API_KEY"];
      if (apiKey) remote.apiKey = apiKey;
      if (env["LANCEDB_REGION"]) remote.region = env["LANCEDB_REGION"];
      if (env["LANCEDB_HOST"]) remote.hostOverride = env["LANCEDB_HOST"];
      break;
    }
  }
  return { storage, remote };
}

/** Keys and documents travel without encryption only inside of this machine; elsewhere `AWS_ALLOW_HTTP` must say so. */
function isLoopback(endpoint: string): boolean {
  const host = URL.canParse(endpoint) ? new URL(endpoint).hostname : "";
  return ["localhost", "127.0.0.1", "[::1]"].includes(host);
}
