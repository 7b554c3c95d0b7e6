/* When each frame of a clip appears. Frames count from 0; a span includes its onset and its offset frame. Times come
   from the table's ticks, so that a variable frame rate is shown as it is. */
"use strict";

(function () {
  const NEAR_S = 0.0005; // a browser reports times to the microsecond, and no frame is as short as this

  /** The clock of a clip: `starts[f]` is when frame f appears, in seconds; one more says when the last one ends. */
  mmed.clockOf = function (clip) {
    const starts = [0];
    let ticks = 0;
    for (const run of clip.ticks) {
      const [length, count] = run.split("*").map(Number);
      for (let i = 0; i < count; i += 1) {
        ticks += length;
        starts.push(ticks * clip.tick_s[0] / clip.tick_s[1]);
      }
    }
    const exact = starts.length === clip.n_frames + 1;
    if (!exact) {
      starts.length = 1;
      for (let f = 1; f <= clip.n_frames; f += 1) { starts.push(f / clip.rate_hz); }
    }
    const last = clip.n_frames - 1;

    return {
      exact: exact,
      last: last,
      end_s: starts[clip.n_frames],
      start: function (frame) { return starts[Math.max(0, Math.min(clip.n_frames, frame))]; },
      /** Where to seek so that a frame is shown, whatever way its ends are rounded: its middle. */
      middle: function (frame) { return (starts[frame] + starts[frame + 1]) / 2; },
      /** The frame that is on screen at a time. */
      frameAt: function (time_s) {
        let low = 0, high = last;
        while (low < high) {
          const half = (low + high + 1) >> 1;
          if (starts[half] <= time_s + NEAR_S) { low = half; } else { high = half - 1; }
        }
        return low;
      },
      within: function (frame) { return Math.max(0, Math.min(last, frame)); },
    };
  };
})();
