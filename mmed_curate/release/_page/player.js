/* The player: steps by frame, by seeking to the middle of each, and shows which frame the browser truly presents. */
"use strict";

(function () {
  const WHY_NOT = {
    "not-agreed": "Not shown here: not everybody in this clip agreed to be shown publicly. The release itself holds it.",
    "withheld": "Withheld: not everybody in this clip agreed that it is published.",
    "none": "The recording has none.",
    "left-out": "This page was made without pictures and sounds.",
  };
  const CANNOT = "This browser cannot play the picture (H.264 in MP4), or the file is missing. Marks and judgements below " +
    "are all there; any other player opens picture.mp4.";

  const REST_MS = 60;

  const by = function (id) { return document.getElementById(id); };

  /**
   * Show a clip.
   *
   * @returns {{end: function()}} lets go of it
   */
  mmed.play = function (clip) {
    const clock = mmed.clockOf(clip);
    const timeline = mmed.timelineIn(by("timeline"), clip, clock);
    const [onset, apex, offset] = clip.span;
    const ended = new AbortController();
    const on = function (target, name, act) { target.addEventListener(name, act, { signal: ended.signal }); };
    let frame = onset;
    let wanted = null; // frame to seek to once the seek under way is done
    let over = false;
    let own = ""; // address of a copy in memory, where one was needed

    const stage = by("stage");
    stage.replaceChildren();
    const media = medium();

    function medium() {
      const path = clip.picture || clip.sound;
      if (!path) {
        stage.append(mmed.element("p", "why-not", WHY_NOT[clip.picture_shown]));
        return null;
      }
      const made = mmed.element(clip.picture ? "video" : "audio");
      made.preload = "auto";
      made.playsInline = true;
      made.src = path;
      made.setAttribute("aria-label", (clip.picture ? "Picture of clip " : "Sound of clip ") + clip.clip);
      stage.append(made);
      if (!clip.picture) { stage.append(mmed.element("p", "why-not", WHY_NOT[clip.picture_shown])); }
      on(made, "error", function () {
        stage.replaceChildren(mmed.element("p", "why-not", CANNOT));
        enable(false);
      });
      on(made, "seeked", next);
      on(made, "play", playing);
      on(made, "pause", playing);
      on(made, "ended", playing);
      if (made.requestVideoFrameCallback) { made.requestVideoFrameCallback(presented); }
      on(made, "loadedmetadata", function () {
        if (made.seekable.length && made.seekable.end(0) > 0) { seek(frame); } else { whole(made, path); }
      });
      return made;
    }

    /** From a server that gives no parts of files nothing can be sought in; so take the whole, which is small. */
    function whole(made, path) {
      if (own || !location.protocol.startsWith("http")) { return; }
      fetch(path).then(function (answer) { return answer.blob(); }).then(function (blob) {
        if (over) { return; }
        own = URL.createObjectURL(blob);
        made.src = own;
      }).catch(function () { /* it plays from its beginning all the same */ });
    }

    /** Which frame is on screen, as the browser says. */
    function presented(now, facts) {
      if (over) { return; }
      const shown = clock.frameAt(facts.mediaTime);
      stage.dataset.presented = shown;
      if (!media.paused) { tell(shown); }
      media.requestVideoFrameCallback(presented);
    }

    function follow() {
      if (over || media.paused) { return; }
      if (by("loop").checked && media.currentTime >= clock.start(offset + 1)) { media.currentTime = clock.middle(onset); }
      if (!media.requestVideoFrameCallback) { tell(clock.frameAt(media.currentTime)); }
      requestAnimationFrame(follow);
    }

    function playing() {
      const button = by("play");
      button.textContent = media.paused ? "▶" : "❚❚";
      button.setAttribute("aria-label", media.paused ? "Play" : "Pause");
      if (media.paused) {
        // a browser that is short of time presents the last frame without a word
        if (media.ended) { tell(clock.last); } else { go(clock.frameAt(media.currentTime)); }
      } else {
        requestAnimationFrame(follow);
      }
    }

    function seek(to) {
      if (media.seeking) { wanted = to; return; }
      wanted = null;
      media.currentTime = clock.middle(to);
    }

    function next() {
      if (wanted !== null) { seek(wanted); return; }
      // a browser may leave out the callback of a frame that came while it told of another; at rest it shows this one
      setTimeout(function () {
        if (!over && media.paused && !media.seeking) { stage.dataset.presented = clock.frameAt(media.currentTime); }
      }, REST_MS);
    }

    /** Say where we are, without going there. */
    function tell(to) {
      frame = to;
      timeline.head(frame);
      const where = frame === apex ? "apex" : frame === onset ? "onset" : frame === offset ? "offset"
        : frame < onset ? "before the onset" : frame > offset ? "after the offset"
          : frame < apex ? "between onset and apex" : "between apex and offset";
      const words = "frame " + frame + " of 0 to " + clock.last + " · " + clock.start(frame).toFixed(3) + " s" +
        (clock.exact ? "" : " by the mean rate") + " · " + where;
      by("readout").textContent = words;
      by("timeline").setAttribute("aria-valuenow", frame);
      by("timeline").setAttribute("aria-valuetext", words);
    }

    function go(to) {
      tell(clock.within(to));
      if (media && media.readyState > 0) { seek(frame); }
    }

    function step(to) {
      if (media) { media.pause(); }
      go(to);
    }

    function toggle() {
      if (!media || media.error) { return; }
      if (!media.paused) { media.pause(); return; }
      const loop = by("loop").checked;
      if (media.ended || frame === clock.last || (loop && (frame > offset || frame < onset))) {
        media.currentTime = clock.middle(loop ? onset : 0);
      }
      media.playbackRate = Number(by("speed").value);
      media.play().catch(function () { /* the error event says it */ });
    }

    function enable(can) {
      for (const id of ["play", "speed", "loop"]) { by(id).disabled = !can; }
    }

    on(by("back"), "click", function () { step(frame - 1); });
    on(by("forth"), "click", function () { step(frame + 1); });
    on(by("play"), "click", toggle);
    on(by("to-onset"), "click", function () { step(onset); });
    on(by("to-apex"), "click", function () { step(apex); });
    on(by("to-offset"), "click", function () { step(offset); });
    on(by("speed"), "change", function () { if (media) { media.playbackRate = Number(by("speed").value); } });
    on(by("timeline"), "pointerdown", function (event) {
      by("timeline").setPointerCapture(event.pointerId);
      step(timeline.frameUnder(event));
    });
    on(by("timeline"), "pointermove", function (event) {
      if (event.buttons & 1) { step(timeline.frameUnder(event)); }
    });
    on(by("clip"), "keydown", function (event) {
      if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("select, input")) { return; }
      const by_frames = event.shiftKey ? 10 : 1;
      const to = {
        ArrowLeft: frame - by_frames, ArrowRight: frame + by_frames, Home: 0, End: clock.last,
        1: onset, 2: apex, 3: offset,
      }[event.key];
      if (event.key === " " && event.target.tagName !== "BUTTON" && event.target.tagName !== "SUMMARY") {
        event.preventDefault();
        toggle();
      } else if (to !== undefined && !event.target.closest(".wide")) {
        event.preventDefault();
        step(to);
      }
    });

    enable(media !== null);
    tell(onset);
    return {
      end: function () {
        over = true;
        ended.abort();
        if (media) { media.pause(); media.removeAttribute("src"); media.load(); }
        if (own) { URL.revokeObjectURL(own); }
        delete stage.dataset.presented;
      },
    };
  };

  /** Why a clip's sound is not drawn; empty: it is. */
  mmed.whyNoSound = function (clip) {
    return clip.sound_shown === "yes" ? "" : WHY_NOT[clip.sound_shown];
  };
})();
