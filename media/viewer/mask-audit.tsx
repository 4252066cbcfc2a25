import { Icon } from "./icon.tsx";
import { jumpTo } from "./jump.ts";
import { chosenSpan, disagreements, verdict } from "./view-model.ts";
import { count } from "./wording.ts";

/**
 * What other ways of finding the mask say. The mask shown is by construction: the record says who wrote each segment; a search
 * for tags or token ids is what other trainers go by, and every place where it would differ is listed.
 */
export function MaskAudit() {
  const shown = verdict.value;
  if (!shown) return null;
  const list = disagreements.value;
  return (
    <section class="audit" aria-label="Mask audit">
      <p>
        <Icon name={shown.agree ? "pass" : "warning"} /> Mask audit:{" "}
        {shown.agree
          ? "a search for tags masks the same policy text"
          : `a search for tags would mask otherwise at ${count(list.length, "place")}`}
      </p>
      {list.length > 0 && (
        <ul>
          {list.map(({ id, kind, message, start }) => (
            <li key={id}>
              <button
                type="button"
                class="rule"
                aria-pressed={chosenSpan.value === id}
                title="Go to the text it is about"
                onClick={() => jumpTo(id, start)}
              >
                {kind}: {message}
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
