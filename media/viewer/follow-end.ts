import { effect } from "@preact/signals";
import { showAnswer } from "./show-answer.ts";
import { view } from "./view-model.ts";

const tolerance = 24;

/**
 * Keeps the end in sight while a question runs and the person is at the bottom. When the answer comes its beginning is
 * brought into sight instead, and from there on nothing moves by itself.
 */
export function followEnd(scroller: HTMLElement): () => void {
  let atEnd = true;
  let top = 0;
  const onScroll = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = scroller;
    // Text that arrives between a scroll and its event leaves the end behind as well: only moving up is the person's.
    if (scrollHeight - scrollTop - clientHeight < tolerance) atEnd = true;
    else if (scrollTop < top) atEnd = false;
    top = scrollTop;
  };
  const follow = (): void => {
    const { live, trajectory } = view.peek();
    if (live && atEnd && !trajectory?.answer) scroller.scrollTop = scroller.scrollHeight;
  };
  const growth = new ResizeObserver(follow);
  if (scroller.firstElementChild) growth.observe(scroller.firstElementChild);
  scroller.addEventListener("scroll", onScroll, { passive: true });

  let answered = false;
  let shown: string | undefined;
  const release = effect(() => {
    const { live, trajectory } = view.value;
    const arrived = trajectory?.answer !== undefined && !answered && live && shown === trajectory.id;
    if (trajectory?.id !== shown) {
      scroller.scrollTop = 0;
      atEnd = true;
    }
    answered = trajectory?.answer !== undefined;
    shown = trajectory?.id;
    if (arrived && atEnd) requestAnimationFrame(showAnswer);
  });
  return () => {
    growth.disconnect();
    scroller.removeEventListener("scroll", onScroll);
    release();
  };
}
