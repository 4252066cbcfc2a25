/** `/` goes to the query, the arrows (or j and k) from place to place, Home and End to the first and last, Escape back to the query. */
export function listenToKeys(root: Document): void {
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof Element)) return;
    const { target, key } = event;
    const query = root.getElementById("query");
    const places = [...root.querySelectorAll<HTMLElement>("[data-hit] .place")];
    const typing = target.matches("input, select, textarea");
    const at = places.findIndex((place) => place === target || place.closest("[data-hit]")?.contains(target));
    let next: HTMLElement | null | undefined;
    if (key === "/" && !typing) next = query;
    else if (key === "Escape" && target !== query) next = query;
    else if (key === "ArrowDown" && target === query) next = places[0];
    else if (typing || at < 0) return;
    else if (key === "ArrowDown" || key === "j") next = places[Math.min(at + 1, places.length - 1)];
    else if (key === "ArrowUp" || key === "k") next = at === 0 ? query : places[at - 1];
    else if (key === "Home") next = places[0];
    else if (key === "End") next = places.at(-1);
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.closest("[data-hit]")?.scrollIntoView({ block: "nearest" });
  });
}
