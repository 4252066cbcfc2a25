import { formatPlace, type Place } from "../../protocol/place.ts";
import { send } from "./host.ts";

/** `guide/domes.md:40-52` as a button that opens the file there. The file's name stays in sight when the path is cut. */
export function PlaceButton({ place }: { place: Place }) {
  const whole = formatPlace(place);
  const cut = whole.lastIndexOf("/", place.path.length) + 1;
  return (
    <button
      type="button"
      class="place"
      title={[whole, place.headings.join(" › ")].filter(Boolean).join("\n")}
      aria-label={`Open ${whole}`}
      onClick={() => send("open", { place })}
    >
      {cut > 0 && <span class="place-folder">{whole.slice(0, cut)}</span>}
      <span class="place-file">{whole.slice(cut)}</span>
    </button>
  );
}
