import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { openPolicy } from "../../../server/models/policy-id.ts";
import { modelServer, streams, textEvents } from "../../fixtures/model-server.ts";
import { stretchOf, turnOf } from "../../fixtures/policy-turn.ts";

/** A proxy that leads every host to one port of this machine and remembers what it was asked for. */
async function proxyTo(port: number): Promise<AsyncDisposable & { url: string; asked: string[] }> {
  const asked: string[] = [];
  const proxy = createServer((incoming, response) => {
    asked.push(incoming.url!);
    const { pathname } = new URL(incoming.url!);
    const onward = request(
      { host: "127.0.0.1", port, path: pathname, method: incoming.method!, headers: incoming.headers },
      (reply) => {
        response.writeHead(reply.statusCode!, reply.headers);
        reply.pipe(response);
      },
    );
    onward.on("error", () => response.destroy());
    incoming.pipe(onward);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, "close");
    },
  };
}

test("a server elsewhere is reached through the proxy from the settings, one on this machine is not", async () => {
  await using server = await modelServer(streams(textEvents(["ready"])));
  await using proxy = await proxyTo(server.port);
  const elsewhere = await openPolicy("openai:m@http://models.invalid:8000/v1", { proxy: proxy.url });
  expect((await stretchOf(elsewhere, turnOf("docs"))).text).toBe("ready");
  expect(proxy.asked).toEqual(["http://models.invalid:8000/v1/completions"]);
  for (const host of ["127.0.0.1", "localhost"]) {
    const here = await openPolicy(`openai:m@http://${host}:${server.port}`, { proxy: proxy.url });
    expect((await stretchOf(here, turnOf("docs"))).text).toBe("ready");
  }
  expect(proxy.asked).toHaveLength(1);
});

test("a proxy that is not there makes the policy unavailable", async () => {
  const policy = await openPolicy("openai:m@http://models.invalid/v1", { proxy: "http://127.0.0.1:9" });
  await expect(stretchOf(policy, turnOf("docs"))).rejects.toMatchObject({
    kind: "unavailable",
    message: expect.stringMatching(/^models\.invalid cannot be reached/),
  });
});
