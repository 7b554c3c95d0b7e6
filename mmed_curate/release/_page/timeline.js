/* The clip from its first frame to its last: marks, sound, what was settled, and what each coder marked. */
"use strict";

(function () {
  const WAVE_PX = 56;
  const STEPS_S = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60];
  const MOST_STEPS = 8;

  /**
   * @param box where it is drawn
   * @param clip its details
   * @param clock its clock
   * @returns {{head: function(number)}} moves the playhead to a frame
   */
  mmed.timelineIn = function (box, clip, clock) {
    box.replaceChildren();
    box.setAttribute("aria-valuemax", clock.last);
    const across = function (frame) { return 100 * clock.start(frame) / clock.end_s; };

    const marks = mmed.element("div", "marks");
    ["onset", "apex", "offset"].forEach(function (name, place) {
      const mark = mmed.element("span", "mark mark-" + name, name);
      const frame = clip.span[place];
      mark.style.left = (name === "apex" ? 100 * clock.middle(frame) / clock.end_s
        : across(name === "offset" ? frame + 1 : frame)) + "%";
      marks.append(mark);
    });
    box.append(lane("", marks, "over"));

    if (clip.peaks.length) { box.append(lane("sound", wave(clip.peaks), "wave")); }
    box.append(lane("settled", spans([clip.span], "settled")));
    for (const [name, said] of codings(clip)) { box.append(lane(name, spans(said, "said"))); }
    const cues = clip.vocal_cues.map(function (cue) {
      return { span: cue.span, text: mmed.label("vocal_cue", cue.code) };
    });
    if (cues.length) { box.append(lane("voice", named(cues))); }
    box.append(lane("", ruler(), "ruler"));

    const over = mmed.element("div", "lines");
    const event = mmed.element("div", "event");
    event.style.left = across(clip.span[0]) + "%";
    event.style.width = across(clip.span[2] + 1) - across(clip.span[0]) + "%";
    const head = mmed.element("div", "head");
    over.append(event, head);
    box.append(over);

    function lane(name, inner, kind) {
      const row = mmed.element("div", "lane" + (kind ? " lane-" + kind : ""));
      const track = mmed.element("div", "track");
      track.append(inner);
      row.append(mmed.element("span", "lane-name", name), track);
      return row;
    }

    function bar(span, className) {
      const from = across(clock.within(span[0]));
      const made = mmed.element("div", className);
      made.style.left = from + "%";
      made.style.width = Math.max(0.5, across(clock.within(span[span.length - 1]) + 1) - from) + "%";
      return made;
    }

    function spans(all, className) {
      const holder = mmed.element("div", "spans");
      for (const span of all) {
        if (span[span.length - 1] < 0 || span[0] > clock.last) { continue; } // outside of this cut
        holder.append(bar(span, "span span-" + className));
        const apex = mmed.element("div", "apex apex-" + className);
        apex.style.left = 100 * clock.middle(clock.within(span[1])) / clock.end_s + "%";
        holder.append(apex);
      }
      return holder;
    }

    function named(all) {
      const holder = mmed.element("div", "spans");
      for (const one of all) {
        const made = bar(one.span, "span span-cue");
        made.textContent = one.text;
        made.title = one.text;
        holder.append(made);
      }
      return holder;
    }

    function wave(peaks) {
      const canvas = mmed.element("canvas", "peaks");
      const paint = function () {
        const width = canvas.clientWidth;
        if (!width) { return; }
        const sharp = window.devicePixelRatio || 1;
        canvas.width = width * sharp;
        canvas.height = WAVE_PX * sharp;
        const brush = canvas.getContext("2d");
        brush.scale(sharp, sharp);
        brush.fillStyle = getComputedStyle(canvas).color;
        const each = width / peaks.length;
        peaks.forEach(function (peak, place) {
          const high = Math.max(1, peak / 100 * (WAVE_PX - 4));
          brush.fillRect(place * each, (WAVE_PX - high) / 2, Math.max(0.6, each - 0.6), high);
        });
      };
      new ResizeObserver(paint).observe(canvas);
      mmed.dark.onchange = paint;
      return canvas;
    }

    function ruler() {
      const holder = mmed.element("div", "ticks");
      const step = STEPS_S.find(function (one) { return clock.end_s / one <= MOST_STEPS; }) || 60;
      for (let place = 0; place * step < clock.end_s * 0.97; place += 1) {
        const tick = mmed.element("span", "tick-at", Number((place * step).toFixed(2)) + " s");
        tick.style.left = 100 * place * step / clock.end_s + "%";
        holder.append(tick);
      }
      return holder;
    }

    return {
      head: function (frame) {
        head.style.left = across(frame) + "%";
        head.style.width = across(frame + 1) - across(frame) + "%";
      },
      /** The frame below a pointer. */
      frameUnder: function (event) {
        const place = over.getBoundingClientRect();
        return clock.frameAt(Math.max(0, (event.clientX - place.left) / place.width) * clock.end_s);
      },
    };
  };

  /** What each coder marked last, and what was adjudicated: [name, spans] in order. */
  function codings(clip) {
    const last = new Map();
    for (const one of clip.judgements) {
      if (one.superseded || one.events === null) { continue; }
      const name = one.stage === "adjudication" ? "adjudicated" : one.coder;
      last.set(name, one.events.map(function (event) { return event.span; }));
    }
    return last;
  }

  mmed.dark = window.matchMedia("(prefers-color-scheme: dark)");
})();
