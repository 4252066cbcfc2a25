import { z } from "zod";
import { type WebProvider, isWebAddress, withSite } from "./provider.ts";

const Reply = z.object({
  results: z.array(z.object({ url: z.string(), title: z.string().catch(""), content: z.string().nullish().catch("") })),
});

/** SearXNG, which people run themselves. Its `search.formats` setting must name `json`, else it answers 403. */
export const searxng: WebProvider = {
  name: "searxng",
  label: "SearXNG",
  request: (query, base) => ({
    url: `${base}/search?${new URLSearchParams({ q: withSite(query), format: "json" })}`,
    headers: { accept: "application/json" },
  }),
  read: (reply) =>
    Reply.safeParse(reply)
      .data?.results.filter(({ url }) => isWebAddress(url))
      .map(({ url, title, content }) => ({ url, title, snippet: content ?? "" })),
};
