import { formatPlace, type Place } from "../../protocol/place.ts";
import { send } from "./host.ts";

/** `guide/domes.md:40-52` as a button that opens the file there, with its folder's name where that has to be told. The file's name stays in sight when the path is cut. */
export function PlaceButton({ place, folder }: { place: Place; folder?: string | undefined }) {
  const inFolder = formatPlace(place);
  const whole = folder === undefined ? inFolder : `${inFolder} in ${folder}`;
  const cut = inFolder.lastIndexOf("/", place.path.length) + 1;
  return (
    <button
      type="button"
      class="place"
      title={[whole, place.headings.join(" › ")].filter(Boolean).join("\n")}
      aria-label={`Open ${whole}`}
      onClick={() => send("open", { place })}
    >
      {cut > 0 && <span class="place-folder">{inFolder.slice(0, cut)}</span>}
      <span class="place-file">{whole.slice(cut)}</span>
    </button>
  );
}
