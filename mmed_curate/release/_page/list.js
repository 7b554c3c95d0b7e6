/* The list of clips: a listbox of which only the rows in sight exist, so that ten thousand scroll like ten. */
"use strict";

(function () {
  const ROW_PX = 52;
  const BEYOND = 6; // rows kept above and below what is in sight

  /**
   * @param box the listbox; its first child holds the rows
   * @param fill fill(row, index) writes one row
   * @param chosen chosen(index) is called when another row is chosen
   */
  mmed.listIn = function (box, fill, chosen) {
    const holder = box.firstElementChild;
    const rows = new Map(); // place → element
    let order = [];
    let at = -1; // place of the chosen row; -1: none
    let asked = 0;

    function draw() {
      asked = 0;
      const first = Math.max(0, Math.floor(box.scrollTop / ROW_PX) - BEYOND);
      const last = Math.min(order.length - 1, Math.ceil((box.scrollTop + box.clientHeight) / ROW_PX) + BEYOND);
      for (const [place, row] of rows) {
        if (place < first || place > last) { row.remove(); rows.delete(place); }
      }
      for (let place = first; place <= last; place += 1) {
        if (!rows.has(place)) { rows.set(place, add(place)); }
      }
    }

    function add(place) {
      const row = mmed.element("div", "entry");
      row.id = "entry-" + place;
      row.setAttribute("role", "option");
      row.setAttribute("aria-setsize", order.length);
      row.setAttribute("aria-posinset", place + 1);
      row.setAttribute("aria-selected", String(place === at));
      row.style.transform = "translateY(" + place * ROW_PX + "px)";
      row.dataset.place = place;
      fill(row, order[place]);
      holder.append(row);
      return row;
    }

    function later() {
      if (!asked) { asked = requestAnimationFrame(draw); }
    }

    function choose(place, quietly) {
      if (!order.length) { return; }
      place = Math.max(0, Math.min(order.length - 1, place));
      if (rows.has(at)) { rows.get(at).setAttribute("aria-selected", "false"); }
      at = place;
      const top = place * ROW_PX;
      if (top < box.scrollTop) { box.scrollTop = top; }
      if (top + ROW_PX > box.scrollTop + box.clientHeight) { box.scrollTop = top + ROW_PX - box.clientHeight; }
      draw();
      rows.get(at).setAttribute("aria-selected", "true");
      box.setAttribute("aria-activedescendant", "entry-" + at);
      if (!quietly) { chosen(order[at]); }
    }

    box.addEventListener("scroll", later, { passive: true });
    new ResizeObserver(later).observe(box);
    box.addEventListener("click", function (event) {
      const row = event.target.closest(".entry");
      if (row) { choose(Number(row.dataset.place)); }
    });
    box.addEventListener("keydown", function (event) {
      const page = Math.max(1, Math.floor(box.clientHeight / ROW_PX) - 1);
      const to = {
        ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: order.length - 1,
      }[event.key];
      if (to !== undefined && !event.altKey && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        choose(to);
      }
    });

    return {
      /** Show other clips: lines of the table, in order. What was chosen stays so where it is still among them. */
      show: function (indices) {
        const before = order[at];
        order = indices;
        for (const row of rows.values()) { row.remove(); }
        rows.clear();
        holder.style.height = order.length * ROW_PX + "px";
        at = before === undefined ? -1 : order.indexOf(before);
        if (at < 0) { box.removeAttribute("aria-activedescendant"); box.scrollTop = 0; }
        draw();
        if (at >= 0) { choose(at, true); }
      },
      /** Choose a clip by its line of the table; false where it is not shown. */
      choose: function (index, quietly) {
        const place = order.indexOf(index);
        if (place >= 0) { choose(place, quietly); }
        return place >= 0;
      },
    };
  };
})();
