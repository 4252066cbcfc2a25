import { describe, expect, test } from "vitest";
import { pageText } from "../../../server/retrieval/web/page-text.ts";
import { isPublicAddress } from "../../../server/retrieval/web/public-address.ts";
import { type PageOptions, pageReader } from "../../../server/retrieval/web/read-page.ts";
import { type ModelServer, type Reply, answers, fallsSilent, modelServer } from "../../fixtures/model-server.ts";

const signal = new AbortController().signal;
const html = (body: string): Reply =>
  answers(200, `<html><body>${body}</body></html>`, { "content-type": "text/html" });
const story = html("<p>The dome was built in 1963.</p>");

/** Names that lead to this machine, which alone may be reached; other addresses of this machine stay forbidden. */
function reader(options: PageOptions = {}) {
  return pageReader({
    resolve: () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]),
    allows: (address) => address === "127.0.0.1",
    ...options,
  });
}

const named = (server: ModelServer, path = "/"): string => `http://pages.example:${server.port}${path}`;

describe("addresses", () => {
  test.each([
    "127.0.0.1",
    "127.8.8.8",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.100.0.1",
    "0.0.0.0",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "fc00::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:0:1::1",
    "ff02::1",
    "2001:db8::1",
    "localhost",
    "",
  ])("%s is not of the public internet", (address) => expect(isPublicAddress(address)).toBe(false));
  test.each([
    "1.1.1.1",
    "172.32.0.1",
    "100.128.0.1",
    "192.0.3.1",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
  ])("%s is", (address) => expect(isPublicAddress(address)).toBe(true));
});

describe("a page is not read", () => {
  test.each([
    "http://127.0.0.1:PORT/",
    "http://localhost:PORT/",
    "http://[::1]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f.1:PORT/",
    "http://0:PORT/",
    "http://user:password@127.0.0.1:PORT/",
    "file:///etc/hostname",
    "data:text/html,<p>one two three</p>",
    "not an address",
  ])("at %s", async (address) => {
    await using server = await modelServer(story);
    expect(await pageReader()(address.replace("PORT", String(server.port)), signal)).toMatchObject({ ok: false });
    expect(server.requests).toHaveLength(0);
  });

  test("under a name that leads to a private address, even beside a public one", async () => {
    await using server = await modelServer(story);
    const resolve = () =>
      Promise.resolve([
        { address: "1.1.1.1", family: 4 },
        { address: "127.0.0.1", family: 4 },
      ]);
    expect(await pageReader({ resolve })(named(server), signal)).toEqual({
      ok: false,
      reason: "its address is not one of the public internet",
    });
    expect(server.requests).toHaveLength(0);
  });

  test("when a redirect leads to a private address", async () => {
    await using inner = await modelServer(story);
    for (const target of [`http://[::1]:${inner.port}/`, `http://127.0.0.2:${inner.port}/`, "file:///etc/hostname"]) {
      await using server = await modelServer(answers(302, "", { location: target }));
      expect(await reader()(named(server), signal)).toMatchObject({ ok: false });
    }
    expect(inner.requests).toHaveLength(0);
  });

  test("when redirects do not end", async () => {
    await using server = await modelServer(answers(301, "", { location: "/again" }));
    expect(await reader()(named(server), signal)).toEqual({ ok: false, reason: "it redirects too often" });
    expect(server.requests).toHaveLength(6);
  });

  test("when it takes too long", async () => {
    await using server = await modelServer(fallsSilent());
    expect(await reader({ seconds: 0.1 })(named(server), signal)).toEqual({ ok: false, reason: "it took too long" });
  });

  test.each([
    ["an image", answers(200, "GIF89a", { "content-type": "image/gif" }), "it is image/gif, no text"],
    ["missing", answers(404), "it answered 404"],
  ])("when it is %s", async (_, reply, reason) => {
    await using server = await modelServer(reply);
    expect(await reader()(named(server), signal)).toEqual({ ok: false, reason });
  });

  test("through a proxy, when this machine knows its name as private", async () => {
    await using proxy = await modelServer(story);
    const read = pageReader({ proxy: proxy.url, resolve: () => Promise.resolve([{ address: "10.0.0.7", family: 4 }]) });
    for (const url of [
      "http://wiki.example/",
      "http://intranet/",
      "http://printer.local/",
      "http://169.254.169.254/",
    ]) {
      expect(await read(url, signal)).toMatchObject({
        ok: false,
        reason: "its address is not one of the public internet",
      });
    }
    expect(proxy.requests).toHaveLength(0);
  });
});

describe("a page is read", () => {
  test("over redirects of its own", async () => {
    await using server = await modelServer(answers(302, "", { location: "/there" }), story);
    expect(await reader()(named(server), signal)).toEqual({ ok: true, text: "The dome was built in 1963." });
    expect(server.requests.map(({ path }) => path)).toEqual(["/", "/there"]);
  });

  test("up to its limit, without waiting for the rest", async () => {
    const endless: Reply = async (response) => {
      response.writeHead(200, { "content-type": "text/plain" });
      while (!response.destroyed) {
        response.write("The dome was built in 1963.\n".repeat(1000));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    await using server = await modelServer(endless);
    const page = await reader({ maxBytes: 100_000 })(named(server), signal);
    expect(page.ok && page.text.length).toBeGreaterThan(90_000);
    expect(page.ok && page.text.length).toBeLessThanOrEqual(100_000);
    expect(await server.requests[0]!.gone).toEqual({ complete: false });
  });
});

describe("the text of a page", () => {
  const textOf = (source: string, type = "text/html") => pageText(new TextEncoder().encode(source), type);

  test("leaves menus, scripts and short lines out and ends before the sources", () => {
    const source = `<nav>Home of all menus</nav><script>one two three</script><h1>Dome</h1><p>The dome is <b>14 metres</b> wide.</p><p>Read more</p>
      <h2>References</h2><p>Nothing down here is read.</p>`;
    expect(textOf(source)).toBe("The dome is 14 metres wide.");
  });

  test("is read in the charset that the header or the page names", () => {
    const latin = Buffer.from("<p>caf\u00e9 in the dome</p>", "latin1");
    expect(pageText(latin, "text/html; charset=ISO-8859-1")).toBe("café in the dome");
    expect(pageText(Buffer.concat([Buffer.from('<meta charset="windows-1252">'), latin]), "text/html")).toBe(
      "café in the dome",
    );
    expect(textOf("<p>café in the dome</p>", "text/html; charset=nonsense")).toBe("café in the dome");
  });

  test("of hundreds of thousands of open elements is not read; of thousands it is", () => {
    expect(textOf(`${"<b>".repeat(600_000)}one two three`)).toBe("");
    expect(textOf(`${"<div>".repeat(5_000)}one two three`)).toBe("one two three");
    expect(textOf("<p>one two three<br>".repeat(3_000)).split("\n")).toHaveLength(3_000);
  });
});
