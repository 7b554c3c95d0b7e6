"""How a page of numbers looks: light and dark by the reader's own choice, narrow screens, paper.

Colours: Okabe & Ito 2008, Color Universal Design, lightened for dark; text is 4.5 : 1 and more against its ground.
"""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--page:#fff;--text:#1a1a1a;--quiet:#575d66;--line:#d3d8e0;--raised:#f3f5f8;
--mark:#0072b2;--warn:#a34400;--good:#00694c;--heat:#56b4e9;--link:#00609a}
@media(prefers-color-scheme:dark){:root{--page:#16181d;--text:#eceff4;--quiet:#a7b0bf;--line:#3a414d;--raised:#1f232a;
--mark:#56b4e9;--warn:#f0a830;--good:#3fd0a3;--heat:#0072b2;--link:#7cc7f2}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;margin:0 auto;
max-width:72rem;padding:1.2rem 1.2rem 4rem;background:var(--page);color:var(--text)}
h1{font-size:1.7rem;line-height:1.2;margin:.6rem 0}
h2{font-size:1.3rem;margin:2.6rem 0 .4rem;padding-top:.8rem;border-top:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.6rem 0 .3rem}
p,ul,ol,dl{max-width:62rem;margin:.4rem 0}
a{color:var(--link)}
a:focus-visible,[tabindex]:focus-visible,summary:focus-visible{outline:3px solid var(--mark);outline-offset:2px}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;padding:0;list-style:none}
.quiet,caption,figcaption,.means{color:var(--quiet)}
.means{font-size:.92rem}
.banner{border:2px solid var(--warn);border-radius:6px;padding:.5rem .8rem;margin:.6rem 0;background:var(--raised)}
.banner b{color:var(--warn)}
.lead li{margin:.2rem 0}
.wide{overflow-x:auto;margin:.6rem 0 1rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.93rem}
caption{text-align:left;font-weight:600;padding:.2rem 0;color:var(--text)}
th,td{padding:.28rem .7rem .28rem 0;text-align:left;vertical-align:top;border-top:1px solid var(--line)}
thead th{border-top:0;color:var(--quiet);font-weight:600;vertical-align:bottom}
tbody th{font-weight:600}
thead th,td:nth-child(2),td:nth-child(3){white-space:nowrap}
.prose td{white-space:normal}
td:last-child{padding-right:0}
summary{cursor:pointer;margin:.4rem 0}
.no{color:var(--warn);font-weight:700}
.yes{color:var(--good);font-weight:600}
.heat td{padding:.35rem .6rem;text-align:center;border:1px solid var(--line);
background:color-mix(in srgb,var(--heat) var(--share,0%),var(--page))}
.untitled caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.heat thead td{border:0;background:none}
.heat thead th{padding:.2rem .6rem;text-align:center}
.heat td.same{outline:2px solid var(--quiet);outline-offset:-2px}
.heat td a{color:inherit}
figure{margin:.6rem 0;max-width:100%}
.row{display:flex;flex-wrap:wrap;gap:.4rem 1.4rem}
svg{max-width:100%;height:auto;display:block;font:13px system-ui,sans-serif}
svg text{fill:var(--text)}svg .quiet{fill:var(--quiet)}
svg .grid{stroke:var(--line)}svg .axis{stroke:var(--quiet)}
svg .bound{stroke:var(--warn);stroke-dasharray:5 4;stroke-width:1.5}
svg .whisker,svg .way{stroke:var(--mark);stroke-width:2}svg .way{stroke-width:1}
svg .dot{fill:var(--mark)}svg .ring{fill:var(--page);stroke:var(--mark);stroke-width:2}
svg .ring.quiet{fill:none;stroke:var(--quiet)}
svg .bar{fill:var(--mark)}svg .bar.beyond{fill:var(--page);stroke:var(--warn);stroke-width:1.5}
code{background:var(--raised);border:1px solid var(--line);border-radius:4px;padding:0 .3rem;font-size:.9em}
.clip{content-visibility:auto;contain-intrinsic-size:auto 14rem}
section:target>h3,article:target>h3{background:var(--raised);outline:2px solid var(--mark);outline-offset:3px}
.differs{font-weight:700}
.readings tbody th[scope=row]{font-weight:400}
.readings tr.first>*{border-top:2px solid var(--line)}
.readings tr:not(.first)>*{border-top-style:dotted}
@media(max-width:50rem){body{font-size:15px;padding:.8rem .8rem 3rem}th,td{padding-right:.5rem}}
@media print{nav{display:none}body{max-width:none}}
"""
