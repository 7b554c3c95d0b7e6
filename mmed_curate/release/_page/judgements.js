/* What was settled of a clip, and what each expert said of it, in words. Text is only ever set as text. */
"use strict";

(function () {
  const STAGES = { screening: "screening", coding: "coding", adjudication: "adjudication", verification: "verification" };
  const FIELDS = {
    onset: "onset", apex: "apex", offset: "offset", emotion: "emotion", event_type: "type", basis: "basis",
    action_units: "action units", vocal_cues: "vocal cues",
  };
  const SIDES = { left: "left", right: "right" };

  /** An action unit: its code, its name where there is room, side and intensity where they were given. */
  function unit(text, _place, _all, short) {
    const [code, ...more] = text.split(":");
    const said = more.filter(function (one) { return one !== "both"; }).map(function (one) {
      return SIDES[one] || "intensity " + one;
    });
    return code + (short ? "" : " " + mmed.label("action_unit", code)) + (said.length ? " (" + said.join(", ") + ")" : "");
  }

  function cue(one) {
    return mmed.label("vocal_cue", one.code) + " " + one.span[0] + "–" + one.span[1] +
      (one.owner === Object.keys(mmed.facts.labels.owner)[0] ? "" : " (" + mmed.label("owner", one.owner) + ")");
  }

  function listed(all, say) {
    return all.length ? all.map(say).join(", ") : "none";
  }

  /** Onset, apex and offset with their times, AUs, cues, and how each came to stand. */
  mmed.showFacts = function (box, clip) {
    box.replaceChildren();
    const rules = {};
    for (const [field, rule] of Object.entries(clip.settled_by)) { (rules[rule] = rules[rule] || []).push(FIELDS[field] || field); }
    const marks = ["onset", "apex", "offset"].map(function (name, place) {
      const end = name === "offset" ? "ends " : "";
      return name + " " + clip.span[place] + " (" + end + clip.span_s[place].toFixed(3) + " s)";
    });
    const facts = [
      ["frames", marks.join(", ") + "; " + clip.n_frames + " frames at " + Number(clip.rate_hz.toFixed(3)) + " Hz on average"],
      ["action units", listed(clip.action_units, unit)],
      ["not visible", clip.not_visible.length ? listed(clip.not_visible, function (one) { return mmed.label("region", one); }) : ""],
      ["vocal cues", listed(clip.vocal_cues, cue)],
      ["label rests on", clip.basis ? mmed.label("basis", clip.basis) : "coders named different things"],
      ["settled by", Object.entries(rules).map(function (one) { return one[0] + ": " + one[1].join(", "); }).join("; ")],
      ["coders", String(clip.n_coders)],
      ["picture lags sound", clip.skew_ms === null ? "unmeasured" :
        clip.skew_ms.toFixed(0) + " ± " + clip.skew_uncertainty_ms.toFixed(0) + " ms"],
      ["others heard", clip.sound_flags.join(", ")],
      ["sound", mmed.whyNoSound(clip)],
      ["judged as", clip.judged_clip === clip.clip ? "" : clip.judged_clip],
      ["session", clip.session],
    ];
    for (const [name, said] of facts) {
      if (!said) { continue; }
      box.append(mmed.element("dt", "", name), mmed.element("dd", "", said));
    }
  };

  /** A row per judgement, or per event of one. */
  mmed.showJudgements = function (box, clip) {
    const table = mmed.element("table", "judged");
    table.append(mmed.element("caption", "", "Frames count from 0 in this clip; pseudonyms are the same in every version."));
    const head = table.createTHead().insertRow();
    for (const name of ["expert", "stage", "says", "onset–apex–offset", "action units", "vocal cues", "sure"]) {
      const cell = mmed.element("th", "", name);
      cell.scope = "col";
      head.append(cell);
    }
    const body = table.createTBody();
    for (const one of clip.judgements) {
      const events = one.events === null || !one.events.length ? [null] : one.events;
      events.forEach(function (event, place) { body.append(row(one, event, place)); });
    }
    box.replaceChildren(table);
  };

  function row(one, event, place) {
    const made = mmed.element("tr", one.superseded ? "corrected" : "");
    const who = mmed.element("th", "", place ? "" : one.coder);
    who.scope = "row";
    made.append(who);
    const stage = STAGES[one.stage] || one.stage;
    const round = (one.round > 1 ? ", round " + one.round : "") + (one.turn > 1 ? ", pass " + one.turn : "");
    const cells = [
      place ? "" : stage + round + (one.modality === "both" ? "" : ", " + one.modality + " only"),
      says(one, event),
      event ? event.span.join("–") : one.found.map(function (span) { return span.join("–"); }).join(", "),
      event ? listed(event.action_units, function (one) { return unit(one, 0, [], true); }) : "",
      event ? listed(event.vocal_cues, cue) : "",
      event && event.confidence ? mmed.label("confidence", event.confidence) : "",
    ];
    for (const said of cells) { made.append(mmed.element("td", "", said)); }
    return made;
  }

  function says(one, event) {
    let said = one.verdict || "";
    if (event) {
      said = mmed.label("emotion", event.emotion) + ", " + mmed.label("event_type", event.event_type);
    } else if (one.events !== null) {
      said = "nothing happened";
    }
    if (one.cut_again) { said += ", cut again: " + one.cut_again; }
    if (one.participants.length) { said += ", together with " + one.participants.join(", "); }
    return one.superseded ? said + " (corrected later)" : said;
  }
})();
