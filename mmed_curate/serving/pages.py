"""The few pages of the server: terms to read and accept, a form to ask for access. No script, nothing from outside."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

_STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;"
    "padding:0 1rem}pre{white-space:pre-wrap;border:1px solid;padding:1rem;max-height:24rem;overflow:auto}"
    "label{display:block;margin:.6rem 0}input,textarea{font:inherit;width:100%;box-sizing:border-box}"
    "input[type=checkbox]{width:auto}code{overflow-wrap:anywhere}"
)

FIELDS = {
    "name": "Your name",
    "email": "Your e-mail address",
    "affiliation": "Where you work",
    "purpose": "What you want the data for",
}
"""What is asked of somebody who wants access."""
LONGEST_ANSWER = 2000
"""Signs of one field."""


def front_page(terms: Mapping[str, str]) -> str:
    """What somebody sees who comes with a browser: no names of releases, the terms, and whom to ask.

    Args:
        terms: texts by their SHA-256.
    """
    texts = "".join(f'<li><a href="/terms/{sha256}"><code>{sha256[:12]}…</code></a></li>' for sha256 in sorted(terms))
    fields = "".join(
        f'<label>{label}<textarea name="{name}" rows="4" maxlength="{LONGEST_ANSWER}" required></textarea></label>'
        if name == "purpose"
        else f'<label>{label}<input name="{name}" maxlength="{LONGEST_ANSWER}" required'
        f' type="{"email" if name == "email" else "text"}"></label>'
        for name, label in FIELDS.items()
    )
    return _page(
        "Access to data",
        "<p>What lies here is handed out to people who are known and who accepted its terms.</p>"
        f"<h2>Terms</h2><ul>{texts or '<li>none yet</li>'}</ul>"
        "<h2>You have a token</h2><p>Accept the terms, then:</p>"
        "<pre>export MMED_TOKEN=…\nmmed download THIS-ADDRESS</pre>"
        "<h2>You have none</h2><p>Ask for one; whoever keeps the data reads it and writes to you.</p>"
        f'<form method="post" action="/ask">{fields}<button>Ask for access</button></form>',
    )


def terms_page(sha256: str, text: str) -> str:
    """One text of terms, with the form that accepts it.

    Args:
        sha256: of the text.
        text: as it is released.
    """
    return _page(
        "Terms",
        f"<pre>{escape(text)}</pre><p>SHA-256 of this text: <code>{sha256}</code></p>"
        f'<form method="post" action="/accept"><input type="hidden" name="terms" value="{sha256}">'
        '<label>Your token<input name="token" type="password" autocomplete="off" required></label>'
        '<label><input type="checkbox" name="accepted" value="yes" required> I have read these terms and accept them'
        "</label><button>Accept</button></form>"
        f"<p>Or on the command line: <code>mmed download … --accept-terms {sha256}</code></p>",
    )


def said_page(title: str, sentence: str) -> str:
    """A page of one sentence."""
    return _page(title, f'<p>{escape(sentence)}</p><p><a href="/">Back</a></p>')


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>\n"
    )
