/* What the data files hand over, and where it is kept. A page that was opened from disk may not fetch files, but it may
   run scripts that lie beside it: every data file is one, and calls a function of `mmed.give`. */
"use strict";

var mmed = {
  facts: null,
  clips: null,
  give: {},
};

(function () {
  const MOST_FILES = 24; // kept in memory; the one that was not asked for longest goes first
  const files = new Map(); // number → promise of its clips
  const given = new Map(); // number → its clips, handed over and not yet taken

  mmed.give.facts = function (facts) { mmed.facts = facts; };
  mmed.give.clips = function (clips) { mmed.clips = clips; };
  mmed.give.details = function (number, clips) { given.set(number, clips); };

  function load(number) {
    return new Promise(function (resolve, reject) {
      const script = document.createElement("script");
      const name = "page/data/clips-" + String(number).padStart(4, "0") + ".js";
      script.src = name;
      script.onload = function () {
        script.remove();
        const clips = given.get(number);
        given.delete(number);
        if (clips) { resolve(clips); } else { reject(new Error(name + " is not whole")); }
      };
      script.onerror = function () {
        script.remove();
        reject(new Error(name + " is missing"));
      };
      document.head.append(script);
    });
  }

  /** A promise of all that is said of the clip in line `index` of the table. */
  mmed.detailOf = function (index) {
    const number = Math.floor(index / mmed.facts.clips_per_file);
    let clips = files.get(number);
    if (!clips) {
      clips = load(number);
      clips.catch(function () { files.delete(number); });
    }
    files.delete(number);
    files.set(number, clips);
    if (files.size > MOST_FILES) { files.delete(files.keys().next().value); }
    return clips.then(function (all) { return all[index % mmed.facts.clips_per_file]; });
  };

  /** What a code is called; the code itself where the codebook does not know it. */
  mmed.label = function (kind, code) {
    return (mmed.facts.labels[kind] || {})[code] || code;
  };

  /** An element with a class and text: text is only ever set as text. */
  mmed.element = function (name, className, text) {
    const made = document.createElement(name);
    if (className) { made.className = className; }
    if (text !== undefined && text !== null) { made.textContent = text; }
    return made;
  };
})();
