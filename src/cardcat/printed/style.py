"""How the printable report looks: on a screen by day and by night, and on paper."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --ink: #1b1b1b; --soft: #5a5a5a; --ground: #ffffff; --line: #c9c9c9; --panel: #f3f3f1;
  --yes: #0b5d2a; --no: #a01717; --warn: #7a4b00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #ececec; --soft: #b0b0b0; --ground: #181818; --line: #4a4a4a; --panel: #242424;
    --yes: #7fdc9c; --no: #ff9a8f; --warn: #f0c070;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.5rem; max-width: 74rem; background: var(--ground); color: var(--ink);
  font: 15px/1.45 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif;
}
h1 { font-size: 1.15rem; font-weight: 600; margin: 0 0 .4rem; color: var(--soft); }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; padding-bottom: .2rem; }
h2 { border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.4rem 0 .5rem; overflow-wrap: anywhere; }
p, li, td, th, dd, figcaption { overflow-wrap: anywhere; }
p { max-width: 46rem; }
.verdict { font-size: 2.6rem; line-height: 1.15; font-weight: 700; margin: 0 0 .5rem; max-width: none; }
.yes { color: var(--yes); }
.no { color: var(--no); }
.warn { color: var(--warn); }
.soft { color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: 1rem 0; }
dt { color: var(--soft); }
dd { margin: 0; }
table { border-collapse: collapse; min-width: min(100%, 36rem); margin: .6rem 0 1rem; font-size: .93em; }
caption { text-align: left; color: var(--soft); padding-bottom: .3rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; }
thead th { border-bottom: 2px solid var(--line); }
tbody td, tbody th { border-bottom: 1px solid var(--line); font-weight: normal; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
th.number, td.number { padding-right: 1.4rem; }
.moment { white-space: nowrap; }
code { font: .92em ui-monospace, "Liberation Mono", Menlo, Consolas, monospace; }
.hash { font-size: .8em; white-space: nowrap; }
@media (max-width: 45rem) { .hash { white-space: normal; } }
ul { padding-left: 1.2rem; margin: .4rem 0; }
.paths { columns: 22rem; column-gap: 2rem; }
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); gap: .9rem; }
figure {
  margin: 0; padding: .5rem; background: var(--panel); border: 1px solid var(--line); border-radius: 4px;
  font-size: .82em; line-height: 1.35;
}
figure.against { border: 2px solid var(--no); }
.picture { display: flex; align-items: center; justify-content: center; height: 160px; margin-bottom: .4rem; }
.picture img { display: block; max-width: 100%; max-height: 160px; }
.picture svg { width: 160px; max-width: 100%; height: 107px; }
svg rect { fill: none; stroke: var(--line); stroke-width: 2; }
svg text { fill: var(--soft); font: 600 20px system-ui, sans-serif; text-anchor: middle; }
svg text.small { font: 13px system-ui, sans-serif; }
figcaption strong { display: block; }
footer { margin-top: 3rem; color: var(--soft); font-size: .87em; }
@media screen { .folder { content-visibility: auto; contain-intrinsic-size: auto 600px; } }
@media print {
  :root {
    color-scheme: light;
    --ink: #000000; --soft: #404040; --ground: #ffffff; --line: #999999; --panel: #ffffff;
    --yes: #0b5d2a; --no: #a01717; --warn: #7a4b00;
  }
  @page { margin: 14mm 12mm; }
  body { padding: 0; max-width: none; font-size: 10pt; }
  h2, h3, caption { break-after: avoid; }
  thead { display: table-header-group; }
  tr, figure, li { break-inside: avoid; }
  .sheet { grid-template-columns: repeat(5, 1fr); gap: 3mm; }
  figure { font-size: 7.5pt; }
  .picture { height: 27mm; }
  .picture img { max-height: 27mm; }
}
"""
