/** `/` goes to the text filter, Enter in the list to what is chosen, and Escape from there back to the list. */
export function listenToListKeys(root: Document): void {
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof Element)) return;
    const { target, key } = event;
    if (key === "/" && !target.matches("input, textarea, select")) return go(event, root, "text-filter");
    if (key === "Enter" && target.id === "row-list") return go(event, root, "tab-panel");
    if (key === "Escape" && target.closest(".detail, .filters")) return go(event, root, "row-list");
  });
}

function go(event: Event, root: Document, id: string): void {
  event.preventDefault();
  root.getElementById(id)?.focus();
}
