import { z } from "zod";
import { type WebProvider, isWebAddress } from "./provider.ts";

const most = 20;

const Reply = z.object({
  results: z.array(z.object({ url: z.string(), title: z.string().catch(""), content: z.string().nullish().catch("") })),
});

/** Tavily takes a site as a field; in the query it would be words to look for. */
export const tavily: WebProvider = {
  name: "tavily",
  label: "Tavily",
  base: "https://api.tavily.com",
  keyName: "SEARCHLIGHT_TAVILY_KEY",
  request: ({ query, count, site }, base, key) => ({
    url: `${base}/search`,
    headers: { authorization: `Bearer ${key}` },
    body: { query, max_results: Math.min(count, most), ...(site ? { include_domains: [site] } : {}) },
  }),
  read: (reply) =>
    Reply.safeParse(reply)
      .data?.results.filter(({ url }) => isWebAddress(url))
      .map(({ url, title, content }) => ({ url, title, snippet: content ?? "" })),
};
