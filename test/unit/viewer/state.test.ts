import { expect, test } from "vitest";
import { firstView, receive, type View } from "../../../media/viewer/state.ts";
import { twoHopStory } from "../../fixtures/story.ts";

const story = twoHopStory();

function after(events: typeof story.events): View {
  return events.reduce<View>(
    (view, event) => receive(view, { method: "event", params: { trajectoryId: story.trajectory.id, event } }),
    receive(firstView, { method: "show", params: { trajectory: null, live: true, empty: "starting" } }),
  );
}

test("applying every event gives the trajectory that was run, and ends the live state", () => {
  const view = after(story.events);
  expect(view.trajectory).toEqual(story.trajectory);
  expect(view.live).toBe(false);
});

test("a search is marked as running from its start until it comes back", () => {
  const started = story.events.findIndex(({ type }) => type === "search-started");
  const running = after(story.events.slice(0, started + 1));
  expect(running.searching).toBe("oldest telescope first light");
  expect(after(story.events.slice(0, started + 2)).searching).toBeUndefined();
});

test("a screen reader hears the searches, what they found, and the answer once", () => {
  const heard: string[] = [];
  for (let count = 1; count <= story.events.length; count++) {
    const { announcement } = after(story.events.slice(0, count));
    if (heard.at(-1) !== announcement) heard.push(announcement);
  }
  expect(heard).toEqual([
    `Asked: ${story.trajectory.question}`,
    "Searching for oldest telescope first light",
    "4 passages found.",
    "Searching for Larch dome interlock filter wheel",
    "2 passages found.",
    `Answer: ${story.trajectory.answer!.text}`,
  ]);
});

test("a question that is shown as interrupted after it ran is announced as such", () => {
  const running = after(story.events.slice(0, 5));
  const interrupted = {
    ...running.trajectory!,
    status: "interrupted" as const,
    stop: { reason: "interrupted" as const },
  };
  const view = receive(running, {
    method: "show",
    params: { trajectory: interrupted, live: false, empty: "no-question" },
  });
  expect(view.live).toBe(false);
  expect(view.announcement).toBe("Interrupted.");
});

test("showing nothing forgets the trajectory before it", () => {
  const view = receive(after(story.events), {
    method: "show",
    params: { trajectory: null, live: false, empty: "no-folder", banner: "b" },
  });
  expect(view).toMatchObject({ trajectory: null, live: false, empty: "no-folder", banner: "b" });
});
