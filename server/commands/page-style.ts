/** The style of an exported page, in light and dark. Masked spans have a pattern, a border and a label, not a colour alone. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --text: #1f2328; --soft: #57606a; --page: #ffffff; --line: #8c959f; --stripe: #eaeef2;
  --query: #0550ae; --answer: #116329; --fault: #a40e26; --mark: #fff8c5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6edf3; --soft: #9da7b3; --page: #0d1117; --line: #6e7681; --stripe: #1c2330;
    --query: #79c0ff; --answer: #7ee787; --fault: #ffa198; --mark: #4b3a08;
  }
}
body { margin: 0 auto; max-width: 60rem; padding: 1rem; color: var(--text); background: var(--page); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.25rem; } h3 { font-size: 1rem; margin: 0 0 .25rem; }
h1, h2, h3, p, dd, td, li, pre, blockquote { overflow-wrap: anywhere; }
article + article { margin-top: 3rem; border-top: 2px solid var(--line); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .125rem 1rem; }
dt, .soft { color: var(--soft); } dd { margin: 0; white-space: pre-wrap; }
section, details { margin: .75rem 0; padding: .5rem .75rem; border-left: 4px solid var(--line); }
summary h3 { display: inline; }
pre { margin: 0; white-space: pre-wrap; font: .875rem/1.5 ui-monospace, monospace; }
blockquote { margin: 0; font-style: italic; white-space: pre-wrap; }
ol { margin: .25rem 0; padding-left: 2rem; }
mark { color: inherit; background: var(--mark); text-decoration: underline wavy var(--fault); }
table { border-collapse: collapse; } th, td { padding: .125rem .75rem .125rem 0; text-align: left; vertical-align: top; }
caption { text-align: left; font-weight: bold; }
tbody tr + tr { border-top: 1px solid var(--line); }
.query { border-left-color: var(--query); } .query pre { color: var(--query); }
.answer { border-left-color: var(--answer); }
.fault { color: var(--fault); }
.masked { border: 2px dashed var(--line); border-left-width: 12px; padding: 0; background: repeating-linear-gradient(45deg, var(--stripe) 0 6px, var(--page) 6px 12px); }
.masked > * { margin: 0; padding: .25rem .75rem; background: var(--page); }
.masked pre { color: var(--soft); margin: .5rem; }
.label { display: inline-block; padding: 0 .5rem; border: 1px solid currentColor; font-weight: bold; }
@media (forced-colors: active) {
  .masked { forced-color-adjust: none; color: CanvasText; border-color: CanvasText; background: repeating-linear-gradient(45deg, CanvasText 0 1px, Canvas 1px 6px); }
  .masked > *, .masked pre { color: CanvasText; background: Canvas; }
  mark { forced-color-adjust: none; color: MarkText; background: Mark; }
}
`;
