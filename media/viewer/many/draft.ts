import { useRef, useState } from "preact/hooks";

const typingMilliseconds = 200;

/**
 * What is being typed into a field whose value comes from elsewhere: the page is drawn again while a person types, and must not take
 * their letters back. `settled` is called when they pause.
 */
export function useDraft(
  value: string,
  settled: (written: string) => void,
): { value: string; onInput(event: { currentTarget: HTMLInputElement }): void; onBlur(): void } {
  const [draft, setDraft] = useState<string | undefined>(undefined);
  const pending = useRef<{ timer: ReturnType<typeof setTimeout>; written: string } | undefined>(undefined);
  const settle = (): void => {
    if (!pending.current) return;
    clearTimeout(pending.current.timer);
    const { written } = pending.current;
    pending.current = undefined;
    settled(written);
  };
  return {
    value: draft ?? value,
    onInput({ currentTarget: { value: written } }) {
      setDraft(written);
      clearTimeout(pending.current?.timer);
      pending.current = { written, timer: setTimeout(settle, typingMilliseconds) };
    },
    onBlur() {
      settle();
      setDraft(undefined);
    },
  };
}
