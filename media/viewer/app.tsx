import { useEffect, useRef } from "preact/hooks";
import { EmptyState } from "./empty-state.tsx";
import { followEnd } from "./follow-end.ts";
import { FollowUp } from "./follow-up.tsx";
import { Icon } from "./icon.tsx";
import { RecordView } from "./record-view.tsx";
import { trajectory, view } from "./view-model.ts";

/** The whole view: banner, what scrolls, and the box that stays at the bottom. */
export function App() {
  const scroller = useRef<HTMLElement>(null);
  useEffect(() => (scroller.current ? followEnd(scroller.current) : undefined), []);
  return (
    <>
      <Banner />
      <main ref={scroller} class="scroller">
        <div class="content">{trajectory.value ? <RecordView /> : <EmptyState />}</div>
      </main>
      <FollowUp />
      <Announcement />
    </>
  );
}

function Banner() {
  const { banner } = view.value;
  if (banner === undefined) return null;
  return (
    <aside class="banner" aria-label="State">
      <Icon name="info" /> <span>{banner}</span>
    </aside>
  );
}

function Announcement() {
  return (
    <div class="unseen" role="status" aria-live="polite">
      {view.value.announcement}
    </div>
  );
}
