import { expect, test, vi } from "vitest";
import { viewerHtml } from "../../../src/views/viewer-html.ts";
import { dispatch, type ViewerHandlers } from "../../../src/views/viewer-messages.ts";

function handlers(): ViewerHandlers {
  return {
    annotate: vi.fn(),
    collect: vi.fn(),
    ready: vi.fn(),
    ask: vi.fn(),
    stop: vi.fn(),
    open: vi.fn(),
    openLink: vi.fn(),
    copy: vi.fn(),
    copyLink: vi.fn(),
    tokenTexts: vi.fn(),
    command: vi.fn(),
    reload: vi.fn(),
    asText: vi.fn(),
    fault: vi.fn(),
  };
}

test("a message of the view reaches its handler, parsed", async () => {
  const all = handlers();
  await dispatch({ method: "ask", params: { question: "q", extra: 1 } }, all, vi.fn());
  expect(all.ask).toHaveBeenCalledWith({ question: "q" });
});

test("what is no message of the view is reported and reaches no handler", async () => {
  const all = handlers();
  const onFault = vi.fn();
  const commands = { method: "command", params: { command: "workbench.action.terminal.new" } };
  for (const raw of [
    null,
    7,
    {},
    { method: "toString", params: {} },
    { method: "ask", params: { question: "" } },
    commands,
  ]) {
    await dispatch(raw, all, onFault);
  }
  expect(onFault).toHaveBeenCalledTimes(6);
  for (const handler of Object.values(all)) expect(handler).not.toHaveBeenCalled();
});

test("the page allows its one script and nothing inline, and reaches no network", () => {
  const html = viewerHtml({
    cspSource: "https://csp.test",
    nonce: "n0nce",
    scriptUri: "https://csp.test/viewer.js",
    styleUri: "https://csp.test/viewer.css",
  });
  const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1];
  expect(policy).toBe(
    "default-src 'none'; style-src https://csp.test; font-src https://csp.test; script-src 'nonce-n0nce'",
  );
  expect(html.match(/<script/g)).toHaveLength(1);
  expect(html).not.toMatch(/ style=| on\w+=/);
});
