import { useLayoutEffect, useRef } from "preact/hooks";
import { logLines, picture } from "./model.ts";

/** Nearer to the end than this, the reader follows it. */
const nearPixels = 40;

/** The end of the run's log. It follows what is written while its end is in sight, and else stays where it is. */
export function Log() {
  const list = useRef<HTMLPreElement>(null);
  const follows = useRef(true);
  const lines = logLines.value ?? picture.value.log.map(({ at, level, message }) => `${at} ${level} ${message}`);
  useLayoutEffect(() => {
    const element = list.current;
    if (element && follows.current) element.scrollTop = element.scrollHeight;
  }, [lines]);
  return (
    <pre
      ref={list}
      class="log"
      tabIndex={0}
      aria-label="Log"
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        follows.current = scrollHeight - scrollTop - clientHeight < nearPixels;
      }}
    >
      {lines.length === 0 ? "Nothing was logged." : lines.join("\n")}
    </pre>
  );
}
