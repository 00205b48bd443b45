/** The page's style: system fonts, light and dark by the reader's choice, no image. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#f5f3ee;--card:#fff;--ink:#1c2422;--soft:#5b6663;--line:#e2ded4;--accent:#00734a;
--ok:#0b7d4f;--wait:#8a6100;--bad:#b3261e;--off:#6a6f76;--okbg:#e0f3e9;--waitbg:#fbf0d2;--badbg:#fbe3e1;--offbg:#ebecee}
@media (prefers-color-scheme:dark){:root{--bg:#111615;--card:#1a2120;--ink:#e9eeec;--soft:#a2aeaa;--line:#2c3533;
--accent:#5fd0a0;--ok:#6fdcab;--wait:#f0c561;--bad:#ff9a92;--off:#b3b9bf;--okbg:#123526;--waitbg:#3a2f10;--badbg:#43201d;--offbg:#2b3134}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
header,main,footer{max-width:72rem;margin:0 auto;padding:0 1.25rem}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem 1rem;padding-top:1.75rem}
h1{font-size:1.6rem;margin:0;letter-spacing:-.01em}
h1 span{color:var(--accent)}
h2{font-size:1.1rem;margin:2rem 0 .75rem}
header p{margin:0;color:var(--soft)}
a{color:var(--accent)}a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.note{border-left:4px solid var(--wait);background:var(--waitbg);padding:.6rem 1rem;border-radius:.4rem;margin:1rem 0 0}
.note.bad{border-color:var(--bad);background:var(--badbg)}
.note ul{margin:.25rem 0 0;padding-left:1.2rem}
dl.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));gap:.75rem;margin:1.25rem 0 0}
dl.figures div{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.7rem 1rem;display:flex;flex-direction:column-reverse;justify-content:flex-end}
dl.figures dt{color:var(--soft);font-size:.875rem}
dl.figures dd{margin:0;font-size:1.3rem;white-space:nowrap;font-weight:650;font-variant-numeric:tabular-nums;line-height:1.2}
dl.figures .bad{border-color:var(--bad)}
dl.figures .bad dd{color:var(--bad)}
ul.stations{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(20rem,1fr));gap:.9rem}
ul.stations>li{background:var(--card);border:1px solid var(--line);border-radius:.7rem;padding:1rem 1.1rem;display:flex;flex-direction:column;gap:.55rem;overflow-wrap:anywhere}
.top{display:flex;justify-content:space-between;gap:.75rem;align-items:flex-start}
h3{margin:0;font-size:1.05rem}
.state{white-space:nowrap;font-size:.8rem;font-weight:650;padding:.15rem .6rem;border-radius:1rem;background:var(--offbg);color:var(--off)}
.state::before{content:"";display:inline-block;width:.55em;height:.55em;border-radius:50%;background:currentColor;margin-right:.4em}
.state.listening{background:var(--okbg);color:var(--ok)}
.state.starting,.state.silent{background:var(--waitbg);color:var(--wait)}
.state.lost{background:var(--badbg);color:var(--bad)}
.why{margin:0;color:var(--soft);font-size:.875rem}
.now{margin:0;padding:.6rem .8rem;border-radius:.5rem;background:var(--bg)}
.now strong{display:block}
.now small,.hint{color:var(--soft);font-size:.85rem}
.now small{display:block}
.hint{margin:0}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:.7rem}
table{border-collapse:collapse;width:100%;min-width:44rem;font-size:.925rem}
th,td{text-align:left;padding:.5rem .9rem;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
th{color:var(--soft);font-weight:600;font-size:.8rem;white-space:nowrap}
td.n{font-variant-numeric:tabular-nums;white-space:nowrap}
td small{color:var(--soft);display:block}
.empty{color:var(--soft);background:var(--card);border:1px dashed var(--line);border-radius:.7rem;padding:1rem 1.1rem;margin:0}
@media (max-width:44rem){
table,tbody{display:block;min-width:0}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{display:grid;grid-template-columns:auto 1fr auto;gap:.1rem .9rem;padding:.6rem .9rem;border-bottom:1px solid var(--line)}
tr:last-child{border-bottom:0}
td{padding:0;border:0;grid-column:2}
td:nth-child(1){grid-area:1/1}td:nth-child(3){grid-area:1/2;overflow-wrap:anywhere}td:nth-child(4){grid-area:1/3;text-align:right}
td:nth-child(2){grid-row:2}td:nth-child(5){grid-row:3}td:nth-child(6){grid-area:2/3;text-align:right}
td:nth-child(2),td:nth-child(5),td:nth-child(6){color:var(--soft);font-size:.85rem}
}
footer{padding-top:2rem;padding-bottom:2.5rem;color:var(--soft);font-size:.9rem}
footer ul{list-style:none;display:flex;flex-wrap:wrap;gap:.4rem 1.4rem;margin:0 0 .5rem;padding:0}
@media (prefers-reduced-motion:no-preference){.live .state.listening::before{animation:p 2s ease-in-out infinite}@keyframes p{50%{opacity:.3}}}
`;

/** Brings the page up to date every five seconds; without it the browser loads the page anew. */
export const SCRIPT = `
(() => {
  const note = document.getElementById('lost');
  const busy = () => document.hidden || document.querySelector('main').contains(document.activeElement) ||
    !getSelection().isCollapsed;
  const refresh = async () => {
    if (busy()) return;
    try {
      const answer = await fetch(location.href, { signal: AbortSignal.timeout(4000) });
      if (!answer.ok) throw new Error(answer.status);
      // Without its style, whose nonce is not this document's.
      const text = (await answer.text()).replace(/<style[^]*?<\\/style>/, '');
      const fresh = new DOMParser().parseFromString(text, 'text/html');
      for (const part of ['main', 'header']) {
        document.querySelector(part).replaceWith(fresh.querySelector(part));
      }
      note.hidden = true;
    } catch {
      note.hidden = false;
    }
  };
  setInterval(refresh, 5000);
})();
`;
