import { expect, test, vi } from "vitest";
import type { ClientHandlers } from "../../../src/client/messages.ts";
import { answerOver, type Endpoint, notifyOver, requestOver } from "../../../src/client/wire.ts";

/** An endpoint whose far side is written in the test. */
function endpoint(reply: unknown = {}) {
  const sent: unknown[][] = [];
  const requests = new Map<string, (params: unknown, token: never) => unknown>();
  const notifications = new Map<string, (params: unknown) => void>();
  const fake: Endpoint = {
    async sendRequest(...args) {
      sent.push(args);
      return reply;
    },
    async sendNotification(...args) {
      sent.push(args);
    },
    onRequest: (method, handler) => requests.set(method, handler as never),
    onNotification: (method, handler) => notifications.set(method, handler),
  };
  return { fake, sent, requests, notifications };
}

const never = { isCancellationRequested: false, onCancellationRequested: () => undefined } as never;

function handlers(fields: Partial<ClientHandlers>): ClientHandlers {
  return {
    rollout: vi.fn(),
    indexChanged: vi.fn(),
    editorModels: () => ({ models: [] }),
    editorModel: () => ({ status: "ok" }),
    secret: () => ({ key: null }),
    documentsChanged: vi.fn(),
    runsChanged: vi.fn(),
    runEvents: vi.fn(),
    ...fields,
  };
}

test("a request goes out under its method and its reply comes back parsed", async () => {
  const { fake, sent } = endpoint({ trajectoryId: "t", unknown: 1 });
  expect(await requestOver(fake)("ask", { question: "q" })).toEqual({ trajectoryId: "t" });
  // toStrictEqual: an undefined third argument would reach the server as a second parameter.
  expect(sent).toStrictEqual([["searchlight/ask", { question: "q" }]]);
});

test("a reply of the wrong shape rejects instead of travelling on", async () => {
  const { fake } = endpoint({ trajectoryId: 7 });
  await expect(requestOver(fake)("ask", { question: "q" })).rejects.toThrow("searchlight/ask has the wrong shape");
});

test("an aborted signal cancels the request on the other side", async () => {
  const controller = new AbortController();
  const cancelled = vi.fn();
  const { fake } = endpoint({ ok: true, message: "", milliseconds: 1 });
  const send = fake.sendRequest;
  fake.sendRequest = (method, params, token) => {
    token!.onCancellationRequested(cancelled);
    return send(method, params, token);
  };
  await requestOver(fake)("testModel", { policy: "extractive" }, controller.signal);
  controller.abort();
  expect(cancelled).toHaveBeenCalledOnce();
});

test("a notification over a closed connection is a fault, not a rejection", async () => {
  const { fake } = endpoint();
  fake.sendNotification = () => Promise.reject(new Error("closed"));
  const onFault = vi.fn();
  await notifyOver(fake, onFault)("editorModelChunk", { call: "c", text: "t" });
  expect(onFault).toHaveBeenCalledWith("searchlight/editorModelChunk", expect.objectContaining({ message: "closed" }));
});

test("a message of the server in the wrong shape never reaches its handler", async () => {
  const { fake, requests, notifications } = endpoint();
  const rollout = vi.fn();
  const secret = vi.fn();
  const onFault = vi.fn();
  answerOver(fake, handlers({ rollout, secret }), onFault);
  notifications.get("searchlight/rollout")!({ trajectoryId: "t", seq: -1, event: {} });
  await expect(requests.get("searchlight/secret")!({ endpoint: 4 }, never)).rejects.toThrow("searchlight/secret");
  await vi.waitFor(() => expect(onFault).toHaveBeenCalledTimes(2));
  expect(rollout).not.toHaveBeenCalled();
  expect(secret).not.toHaveBeenCalled();
});

test("a request of the server is answered, and its cancellation reaches the handler", async () => {
  const { fake, requests } = endpoint();
  let cancel = (): void => undefined;
  const token = {
    isCancellationRequested: false,
    onCancellationRequested: (listener: () => void) => (cancel = listener),
  } as never;
  const seen: AbortSignal[] = [];
  answerOver(fake, handlers({ editorModel: (_params, signal) => (seen.push(signal), { status: "ok" }) }), vi.fn());
  const params = { call: "c", model: "m", messages: [], reason: "r" };
  expect(await requests.get("searchlight/editorModel")!(params, token)).toEqual({ status: "ok" });
  expect(seen[0]!.aborted).toBe(false);
  cancel();
  expect(seen[0]!.aborted).toBe(true);
});
