import { type LookupAddress, promises as dns } from "node:dns";
import type { LookupFunction } from "node:net";
import { guardedDispatcher, httpFetch } from "../../models/http.ts";
import { isPublicAddress } from "../../retrieval/web/public-address.ts";

/** A site's name came to lead where it did not at first. */
export class MovedInside extends Error {
  override readonly name = "MovedInside";
}

/**
 * The way to one site. A person may add a site of this machine or of their own network, so every address is reached; but a name that led to
 * the public internet at first must not lead into a private network later, where its owner could have pages read that are not theirs.
 */
export function siteFetch(proxy = ""): typeof globalThis.fetch {
  return httpFetch(
    guardedDispatcher(
      steadyLookup((host) => dns.lookup(host, { all: true })),
      proxy,
    ),
  );
}

/** Resolves names as long as what was public stays public. */
export function steadyLookup(resolve: (host: string) => Promise<LookupAddress[]>): LookupFunction {
  const wasPublic = new Map<string, boolean>();
  return (host, options, callback) => {
    resolve(host).then(
      (addresses) => {
        const [first] = addresses;
        const isPublic = addresses.every(({ address }) => isPublicAddress(address));
        if (!first) return callback(new MovedInside(`${host} has no address`), "");
        if (wasPublic.get(host) === true && !isPublic)
          return callback(new MovedInside("its name leads into a private network, where it did not at first"), "");
        if (!wasPublic.has(host)) wasPublic.set(host, isPublic);
        return options.all ? callback(null, addresses) : callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ""),
    );
  };
}
