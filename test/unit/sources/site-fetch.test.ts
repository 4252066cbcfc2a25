import { expect, test } from "vitest";
import { MovedInside, steadyLookup } from "../../../server/sources/site/site-fetch.ts";

/** Looks a name up that leads to these addresses, one after the other; answers the last result. */
async function lookups(...addresses: string[]): Promise<string | Error> {
  let at = 0;
  const lookup = steadyLookup(() => Promise.resolve([{ address: addresses[at++]!, family: 4 }]));
  let last: string | Error = "";
  for (const _ of addresses)
    last = await new Promise<string | Error>((resolve) =>
      lookup("docs.example.org", {}, (error, address) => resolve(error ?? String(address))),
    );
  return last;
}

test("a name that led to the public internet does not lead into a private network later", async () => {
  expect(await lookups("1.1.1.1", "127.0.0.1")).toBeInstanceOf(MovedInside);
  expect(await lookups("1.1.1.1", "8.8.8.8", "192.168.1.1")).toBeInstanceOf(MovedInside);
  expect(await lookups("1.1.1.1", "169.254.169.254")).toBeInstanceOf(MovedInside);
});

test("a site of the public internet, of this machine or of a private network is reached", async () => {
  expect(await lookups("1.1.1.1", "8.8.8.8")).toBe("8.8.8.8");
  expect(await lookups("127.0.0.1", "127.0.0.1")).toBe("127.0.0.1");
  expect(await lookups("192.168.1.1", "10.0.0.1")).toBe("10.0.0.1");
});

test("all addresses are given where all are asked for, and a name that is not known stays so", async () => {
  const both = [
    { address: "1.1.1.1", family: 4 },
    { address: "2606:4700:4700::1111", family: 6 },
  ];
  const lookup = steadyLookup((host) => (host === "known" ? Promise.resolve(both) : Promise.reject(new Error("none"))));
  const found = await new Promise((resolve) => lookup("known", { all: true }, (_, addresses) => resolve(addresses)));
  expect(found).toEqual(both);
  const failure = await new Promise((resolve) => lookup("other", {}, (error) => resolve(error)));
  expect(failure).toMatchObject({ message: "none" });
});
