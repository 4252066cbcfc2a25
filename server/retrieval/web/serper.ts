import { z } from "zod";
import { type WebProvider, isWebAddress, withSite } from "./provider.ts";

const most = 100;

const Reply = z.object({
  organic: z.array(
    z.object({ link: z.string(), title: z.string().catch(""), snippet: z.string().nullish().catch("") }),
  ),
});

/** Serper's form, which the reference's online evaluation reads as well. */
export const serper: WebProvider = {
  name: "serper",
  label: "Serper",
  base: "https://google.serper.dev",
  keyName: "SEARCHLIGHT_SERPER_KEY",
  request: (query, base, key) => ({
    url: `${base}/search`,
    headers: { "x-api-key": key },
    body: { q: withSite(query), num: Math.min(query.count, most) },
  }),
  read: (reply) =>
    Reply.safeParse(reply)
      .data?.organic.filter(({ link }) => isWebAddress(link))
      .map(({ link, title, snippet }) => ({ url: link, title, snippet: snippet ?? "" })),
};
