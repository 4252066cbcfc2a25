/**
 * Scrolls the list so that the answer begins right under the header that stays in sight. Only the list moves: scrolling
 * an element into view by the browser may move the page around it as well.
 */
export function showAnswer(): void {
  const answer = document.getElementById("answer");
  const scroller = answer?.closest(".scroller");
  if (!answer || !scroller) return;
  const header = scroller.querySelector(".header")?.clientHeight ?? 0;
  scroller.scrollTop += answer.getBoundingClientRect().top - scroller.getBoundingClientRect().top - header;
}
