import { z } from "zod";
import { type WebProvider, isWebAddress, withSite } from "./provider.ts";

const most = 20;

/** Without results Brave leaves `web` out. */
const Reply = z.object({
  type: z.string(),
  web: z
    .object({
      results: z.array(
        z.object({ url: z.string(), title: z.string().catch(""), description: z.string().nullish().catch("") }),
      ),
    })
    .optional(),
});

export const brave: WebProvider = {
  name: "brave",
  label: "Brave Search",
  base: "https://api.search.brave.com",
  keyName: "SEARCHLIGHT_BRAVE_KEY",
  request: (query, base, key) => ({
    url: `${base}/res/v1/web/search?${new URLSearchParams({
      q: withSite(query),
      count: String(Math.min(query.count, most)),
      // Else words of the query come marked with HTML tags.
      text_decorations: "false",
    })}`,
    headers: { accept: "application/json", "x-subscription-token": key },
  }),
  read(reply) {
    const parsed = Reply.safeParse(reply);
    if (!parsed.success) return undefined;
    return (parsed.data.web?.results ?? [])
      .filter(({ url }) => isWebAddress(url))
      .map(({ url, title, description }) => ({ url, title, snippet: description ?? "" }));
  },
};
