import { MarkedText } from "./marked-text.tsx";

/** Text that the policy wrote, its control tags drawn faintly. */
export function PolicyText({ text, offset }: { text: string; offset: number }) {
  return (
    <div class="text">
      <MarkedText text={text} offset={offset} tags />
    </div>
  );
}
