/* The browser of clips: filters, the list, and the clip that is open. */
"use strict";

(function () {
  const WAIT_MS = 90; // before a clip is opened while somebody runs through the list
  const by = function (id) { return document.getElementById(id); };
  const clips = mmed.clips;
  const n = clips.clip.length;
  const form = by("filters");
  const classes = Object.keys(mmed.facts.labels.emotion_class);
  let open = null; // what is played
  let opened = -1;
  let timer = 0;

  const hue = function (code) {
    const place = classes.indexOf(code);
    return place < 0 ? "part-none" : "part-" + Math.min(place, 3);
  };

  const list = mmed.listIn(by("list"), function (row, index) {
    const first = mmed.element("div", "entry-top");
    first.append(
      mmed.element("span", "dot " + hue(clips.emotion_class[index])),
      mmed.element("span", "entry-name", clips.clip[index]),
      mmed.element("span", "entry-none", clips.shown[index] ? "" : "no media"),
      mmed.element("span", "entry-ms", clips.duration_ms[index] + " ms"));
    row.append(first, mmed.element("div", "entry-rest", [
      mmed.label("emotion", clips.emotion[index]), mmed.label("event_type", clips.event_type[index]), clips.subject[index],
    ].join(" · ")));
  }, function (index) {
    clearTimeout(timer);
    timer = setTimeout(function () { show(index); }, WAIT_MS);
  });

  function show(index) {
    if (index === opened) { return; }
    opened = index;
    mmed.detailOf(index).then(function (clip) {
      if (index !== opened) { return; }
      if (open) { open.end(); }
      by("clip-name").textContent = clip.clip;
      chips(index, clip);
      by("clip-empty").hidden = true;
      by("clip-whole").hidden = false;
      open = mmed.play(clip);
      mmed.showFacts(by("facts"), clip);
      mmed.showJudgements(by("judgements"), clip);
      history.replaceState(null, "", "#clip=" + encodeURIComponent(clip.clip));
    }).catch(function (error) {
      opened = -1;
      by("clip-name").textContent = clips.clip[index];
      by("clip-whole").hidden = true;
      by("clip-empty").hidden = false;
      by("clip-empty").textContent = "This copy of the page is not whole: " + error.message + ". Run mmed verify.";
    });
  }

  function chips(index, clip) {
    const box = by("clip-chips");
    box.replaceChildren();
    const said = [
      [mmed.label("emotion_class", clips.emotion_class[index]) || "no class", hue(clips.emotion_class[index])],
      [mmed.label("emotion", clips.emotion[index])], [mmed.label("event_type", clips.event_type[index])],
      [clips.duration_ms[index] + " ms"], [clips.subject[index]],
    ];
    if (clip.simulated) { said.push(["SIMULATED", "", "warned"]); }
    for (const [text, dot, kind] of said) {
      const chip = mmed.element("li", kind || "");
      if (dot) { chip.append(mmed.element("span", "dot " + dot)); }
      chip.append(text);
      box.append(chip);
    }
  }

  /** Choices of a filter with how many clips there are of each; those of the codebook in its order. */
  function choices(name, column, labels) {
    const found = new Map();
    for (const value of column) {
      for (const one of value.split(" ")) { found.set(one, (found.get(one) || 0) + 1); }
    }
    const known = Object.keys(labels || {}).filter(function (one) { return found.has(one); });
    const rest = [...found.keys()].filter(function (one) { return one && !known.includes(one); }).sort();
    form.elements[name].append(new Option("all", ""));
    for (const one of known.concat(rest)) {
      const label = name === "action_unit" ? one + " " + labels[one] : (labels || {})[one] || one;
      form.elements[name].append(new Option(label + " (" + found.get(one) + ")", one));
    }
  }

  const has = function (text, code) { return (" " + text + " ").includes(" " + code + " "); };

  function matching() {
    const want = Object.fromEntries(new FormData(form));
    const name = want.clip.trim().toLowerCase();
    const least = want.least_ms === "" ? -Infinity : Number(want.least_ms);
    const most = want.most_ms === "" ? Infinity : Number(want.most_ms);
    const found = [];
    for (let i = 0; i < n; i += 1) {
      if ((!want.emotion_class || clips.emotion_class[i] === want.emotion_class) &&
          (!want.emotion || clips.emotion[i] === want.emotion) &&
          (!want.event_type || clips.event_type[i] === want.event_type) &&
          (!want.subject || clips.subject[i] === want.subject) &&
          (!want.action_unit || has(clips.action_units[i], want.action_unit)) &&
          (!want.vocal_cue || has(clips.vocal_cues[i], want.vocal_cue)) &&
          (!want.settled || clips.adjudicated[i] === Number(want.settled)) &&
          (!want.shown || clips.shown[i]) &&
          clips.duration_ms[i] >= least && clips.duration_ms[i] <= most &&
          (!name || clips.clip[i].toLowerCase().includes(name))) {
        found.push(i);
      }
    }
    return ordered(found, want.order);
  }

  function ordered(found, order) {
    const text = function (column) {
      return function (a, b) { return clips[column][a] < clips[column][b] ? -1 : clips[column][a] > clips[column][b] ? 1 : a - b; };
    };
    const compare = {
      subject: text("subject"),
      emotion: text("emotion"),
      shortest: function (a, b) { return clips.duration_ms[a] - clips.duration_ms[b] || a - b; },
      longest: function (a, b) { return clips.duration_ms[b] - clips.duration_ms[a] || a - b; },
    }[order];
    return compare ? found.sort(compare) : found;
  }

  function refresh() {
    const found = matching();
    list.show(found);
    by("found").textContent = found.length === n ? n + " clips" :
      found.length ? found.length + " of " + n + " clips" : "No clip is like that; clear a filter";
    return found;
  }

  function named(hash) {
    const name = hash.startsWith("#clip=") ? decodeURIComponent(hash.slice(6)) : "";
    return name ? clips.clip.indexOf(name) : -1;
  }

  choices("emotion_class", clips.emotion_class, mmed.facts.labels.emotion_class);
  choices("emotion", clips.emotion, mmed.facts.labels.emotion);
  choices("event_type", clips.event_type, mmed.facts.labels.event_type);
  choices("action_unit", clips.action_units, mmed.facts.labels.action_unit);
  choices("vocal_cue", clips.vocal_cues, mmed.facts.labels.vocal_cue);
  choices("subject", clips.subject, null);

  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.addEventListener("input", refresh);
  form.addEventListener("reset", function () { setTimeout(refresh, 0); });
  by("list").addEventListener("keydown", function (event) {
    if (event.key === "Enter") { event.preventDefault(); by("timeline").focus(); }
  });
  by("clip").addEventListener("keydown", function (event) {
    if (event.key === "Escape") { by("list").focus(); }
  });
  /** Open the clip that a link names, also where a filter leaves it out or it is open already. */
  function follow(hash) {
    const index = named(hash);
    if (index < 0) { return; }
    if (!list.choose(index)) { form.reset(); refresh(); list.choose(index); }
    by("clip").scrollIntoView();
  }
  window.addEventListener("hashchange", function () { follow(location.hash); });
  document.addEventListener("click", function (event) {
    const to = event.target.closest("a[href^='#clip=']");
    if (to) { event.preventDefault(); follow(to.hash); }
  });

  by("browser").hidden = false;
  const found = refresh();
  const asked = named(location.hash);
  const first = asked >= 0 ? asked : found.find(function (index) { return clips.shown[index]; }) ?? found[0];
  if (first !== undefined) { list.choose(first, true); show(first); }
  if (asked >= 0) { by("browse").scrollIntoView(); }
})();
