"use strict";
// The timeline: tracks over one axis of time, and the strip of the whole run above them.
(function (ml) {
  let core, place, tracks = [], palette = {}, cursor, strip, version = 0;

  function readPalette() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["ground", "strip", "wait", "busy", "text", "muted", "line", "accent", "error", "warning", "ok"])
      palette[name] = style.getPropertyValue("--" + name).trim();
    palette.font = "11px " + getComputedStyle(place.font).fontFamily;
    ml.readFills(core);
  }
  ml.palette = () => palette;

  // ---- canvases

  // Fits a canvas to its box; the context then counts CSS pixels.
  ml.context = function (canvas, width, height) {
    const ratio = Math.min(devicePixelRatio || 1, 3), wide = Math.max(1, Math.round(width * ratio)), high = Math.max(1, Math.round(height * ratio));
    if (canvas.width !== wide || canvas.height !== high) {
      canvas.width = wide;
      canvas.height = high;
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = palette.font;
    return context;
  };

  const isSeen = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.bottom > -50 && box.top < innerHeight + 50;
  };

  // On a scroll only what came into view is drawn.
  function drawTracks(names) {
    const view = ml.view(), isScroll = names.size === 1 && names.has("scroll");
    version += isScroll ? 0 : 1;
    for (const track of tracks) {
      if (track.row.hidden || track.drawn === version || !isSeen(track.canvas)) continue;
      track.drawn = version;
      const width = track.canvas.clientWidth, height = track.canvas.clientHeight;
      track.draw(ml.context(track.canvas, width, height), width, height, view);
    }
    if (isScroll) return;
    drawStrip();
    place.range.textContent = ml.time(view.from, view.to - view.from) + " to " + ml.time(view.to, view.to - view.from) +
      ", " + ml.duration(view.to - view.from);
    place.chip.hidden = !ml.isZoomed();
    place.chip.textContent = ml.time(view.from, view.to - view.from) + " – " + ml.time(view.to, view.to - view.from) + "  ×";
  }

  // A track of canvas. `more` may have tip, click and fit, of (time, y, width, view), and `at`, of (time, width, view): its value then.
  ml.addTrack = function (label, detail, height, draw, more) {
    const canvas = ml.el("canvas", { role: "img", "aria-label": detail });
    const value = ml.el("span.value");
    const name = label instanceof Node ? label : ml.el("span.name", { title: detail }, label);
    const row = ml.el("div.track", null, name, canvas, value);
    canvas.style.height = height + "px";
    const track = Object.assign({ row, canvas, value, draw, label, tip: (time, y, width, view) => {
      const found = track.at && track.at(time, width, view);
      return found ? [label + " " + found, "at " + ml.time(time, view.to - view.from)] : null;
    } }, more);
    tracks.push(track);
    place.tracks.append(row);
    return track;
  };

  // What the counters in view say of a moment, beside them; undefined: what they say without one.
  function showValues(time) {
    for (const track of tracks)
      if (track.at && !track.row.hidden) track.value.textContent = time === undefined ? track.rest : track.at(time, track.canvas.clientWidth, ml.view());
  }
  ml.valuesAt = (time) => tracks.filter((track) => track.at && !track.row.hidden)
    .map((track) => [track.label, track.at(time, track.canvas.clientWidth, ml.view())]).filter(([, value]) => value);

  // One that is not in order below the others; it is watched by whoever puts it into the page.
  ml.registerTrack = (track) => tracks.push(track);
  ml.trackPlace = () => place.tracks;

  // ---- time and pixels

  const timeAt = (view, x, width) => view.from + x / width * (view.to - view.from);

  function stepOf(span, wanted) {
    const rough = span / wanted, power = Math.pow(10, Math.floor(Math.log10(rough)));
    return [1, 2, 5, 10].map((part) => part * power).find((step) => step >= rough);
  }

  function drawAxis(context, width, height, view) {
    const span = view.to - view.from, step = stepOf(span, Math.max(2, width / 110));
    const digits = Math.max(0, Math.min(6, -Math.floor(Math.log10(step / 1e9) + 1e-9)));
    context.fillStyle = palette.muted;
    context.textBaseline = "middle";
    for (let tick = Math.ceil(view.from / step); tick * step <= view.to; tick++) {
      const x = (tick * step - view.from) / span * width, text = (tick * step / 1e9).toFixed(digits) + " s";
      context.fillRect(Math.round(x), height - 5, 1, 5);
      const left = x - context.measureText(text).width / 2;
      context.fillText(text, Math.max(0, Math.min(width - context.measureText(text).width, left)), height / 2 - 3);
    }
  }

  // ---- the strip of the whole run

  function drawStripPicture(width, height) {
    const key = [width, height, palette.busy, devicePixelRatio].join();
    if (strip.key === key) return;
    strip.key = key;
    const context = ml.context(strip.picture, width, height), whole = { from: 0, to: core.duration };
    const columns = Math.min(250, ml.columnsFor(width, whole)), wide = width / columns, sum = new Float64Array(columns);
    for (const thread of core.threads) ml.shares(thread, core.sums.running, columns, whole).forEach((value, x) => { sum[x] += value; });
    const top = Math.max(1, sum.reduce((a, b) => Math.max(a, b), 0));
    context.fillStyle = palette.busy;
    for (let x = 0; x < columns; x++) {
      context.globalAlpha = 0.25 + 0.75 * sum[x] / top;
      context.fillRect(x * wide, height - sum[x] / top * height, wide, height);
    }
  }

  function drawStrip() {
    const width = strip.canvas.clientWidth, height = strip.canvas.clientHeight, view = ml.view();
    if (!width) return;
    drawStripPicture(width, height);
    const context = ml.context(strip.canvas, width, height), scale = width / core.duration;
    context.drawImage(strip.picture, 0, 0, width, height);
    const left = view.from * scale, right = Math.max(left + 2, view.to * scale);
    context.fillStyle = palette.ground;
    context.globalAlpha = 0.65;
    context.fillRect(0, 0, left, height);
    context.fillRect(right, 0, width - right, height);
    context.globalAlpha = 1;
    context.fillStyle = palette.accent;
    context.fillRect(Math.max(0, left - 1), 0, 2, height);
    context.fillRect(Math.min(width - 2, right - 1), 0, 2, height);
  }

  function startStrip() {
    const canvas = strip.canvas;
    let drag = null;
    const timeOf = (event) => {
      const box = canvas.getBoundingClientRect();
      return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * core.duration;
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      const time = timeOf(event), view = ml.view(), inside = ml.isZoomed() && time > view.from && time < view.to;
      canvas.setPointerCapture(event.pointerId);
      drag = { time, view, inside: inside && !event.shiftKey, moved: false, x: event.clientX };
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!drag || (!drag.moved && Math.abs(event.clientX - drag.x) < 3)) return;
      const time = timeOf(event), by = time - drag.time;
      drag.moved = true;
      if (drag.inside) ml.setView(drag.view.from + by, drag.view.to + by);
      else ml.setView(Math.min(time, drag.time), Math.max(time, drag.time));
    });
    const stop = () => { drag = null; };
    canvas.addEventListener("pointerup", stop);
    canvas.addEventListener("pointercancel", stop);
    canvas.addEventListener("dblclick", () => ml.setView(0, core.duration, true));
  }

  // ---- pointers on the tracks

  ml.watchTrack = function (track) {
    const canvas = track.canvas, pointers = new Map();
    let drag = null;
    track.isWatched = true;
    const spot = (event) => {
      const box = canvas.getBoundingClientRect(), view = ml.view();
      return [timeAt(view, event.clientX - box.left, box.width), event.clientY - box.top, box.width, view];
    };
    const spread = () => {
      const [one, other] = [...pointers.values()];
      return { width: Math.max(20, Math.abs(one.clientX - other.clientX)), center: (one.clientX + other.clientX) / 2 };
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      pointers.set(event.pointerId, event);
      canvas.setPointerCapture(event.pointerId);
      drag = { x: event.clientX, view: ml.view(), moved: false, pinch: pointers.size === 2 ? spread() : null };
    });
    canvas.addEventListener("pointermove", (event) => {
      const width = canvas.clientWidth;
      showCursor(event, canvas);
      showValues(spot(event)[0]);
      if (!drag || !pointers.has(event.pointerId)) return ml.tip(event, track.tip(...spot(event)));
      pointers.set(event.pointerId, event);
      ml.tip(event, null);
      const { from, to } = drag.view, span = to - from;
      if (drag.pinch && pointers.size === 2) {
        const now = spread(), left = canvas.getBoundingClientRect().left, held = from + (drag.pinch.center - left) / width * span;
        const wide = span * drag.pinch.width / now.width, start = held - (now.center - left) / width * wide;
        drag.moved = true;
        ml.setView(start, start + wide);
      } else if (drag.moved || Math.abs(event.clientX - drag.x) > 3) {
        const by = (drag.x - event.clientX) / width * span;
        drag.moved = true;
        ml.setView(Math.min(Math.max(0, from + by), core.duration - span), Math.min(Math.max(0, from + by), core.duration - span) + span);
      }
    });
    canvas.addEventListener("pointerup", (event) => {
      pointers.delete(event.pointerId);
      if (drag && !drag.moved && track.click) track.click(...spot(event));
      if (!pointers.size) drag = null;
    });
    canvas.addEventListener("pointercancel", (event) => { pointers.delete(event.pointerId); drag = null; });
    canvas.addEventListener("pointerleave", (event) => { ml.tip(event, null); cursor.hidden = true; showValues(); });
    canvas.addEventListener("dblclick", (event) => track.fit && track.fit(...spot(event)));
    sizes.observe(canvas);
  };

  function showCursor(event, canvas) {
    const box = place.tracks.getBoundingClientRect();
    cursor.hidden = event.pointerType === "touch" || !canvas.isConnected;
    cursor.style.transform = "translateX(" + (event.clientX - box.left) + "px)";
  }

  function wheel(event) {
    const canvas = event.target.closest("canvas");
    if (!canvas) return;
    const box = canvas.getBoundingClientRect(), view = ml.view();
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      ml.zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY * 0.004))), timeAt(view, event.clientX - box.left, box.width));
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) && ml.isZoomed()) {
      event.preventDefault();
      ml.pan(event.deltaX / box.width);
    }
  }

  const sizes = new ResizeObserver(() => ml.touch("size"));

  // ---- putting it together

  function makePlace(section) {
    place = { section, range: ml.el("span.range"), tracks: ml.el("div.tracks"), font: document.querySelector("code") || document.body,
      search: ml.searchField(), chip: ml.button("", "Show the whole run", () => ml.setView(0, core.duration, true), { "class": "chip", hidden: "" }) };
    strip = { canvas: ml.el("canvas", { role: "img", "aria-label": "The whole run: drag to select a range of time" }), picture: document.createElement("canvas") };
    cursor = ml.el("div.cursor", { hidden: "" });
    place.tracks.append(cursor);
    const tools = ml.el("div.tools", { role: "toolbar", "aria-label": "Timeline" }, place.search, ml.button("−", "Zoom out", () => ml.zoom(1.6)),
      ml.button("+", "Zoom in", () => ml.zoom(1 / 1.6)), ml.button("Fit", "Show the whole run", () => ml.setView(0, core.duration, true)), place.range);
    const note = ml.el("p.remark", null, "Drag on the strip selects a range, drag on a track moves it, Ctrl or ⌘ and wheel zooms. A box is a stretch of consecutive samples with one function on the stack; pale ones were waiting.");
    section.append(ml.el("div.live", null, tools, ml.el("div.track.strip", null, ml.el("span.name", null, "Whole run"), strip.canvas, ml.el("span.value")), place.tracks, note));
    const legend = section.querySelector(".legend").cloneNode(true);
    legend.append(" ", ml.el("span.key.gil"), " waiting for the interpreter's lock");
    section.querySelector(".live").append(legend);
    document.querySelector("nav").append(place.chip);
  }

  function startKeys() {
    ml.key(["w", "+", "="], "zoom in", () => ml.zoom(1 / 1.6));
    ml.key(["s", "-"], "zoom out", () => ml.zoom(1.6));
    ml.key(["a", "ArrowLeft"], "earlier", () => ml.isZoomed() ? ml.pan(-0.15) : false);
    ml.key(["d", "ArrowRight"], "later", () => ml.isZoomed() ? ml.pan(0.15) : false);
    ml.key(["0"], "the whole run", () => ml.setView(0, core.duration));
    ml.key(["/"], "search", () => ml.nearestSearch().focus());
    ml.escape(() => ml.state.query, () => ml.set({ query: "" }));
    ml.escape(() => ml.isZoomed(), () => ml.setView(0, core.duration));
  }

  // The search field nearest to what is in view.
  ml.nearestSearch = function () {
    const away = (field) => Math.abs(field.getBoundingClientRect().top - innerHeight / 3);
    return [...document.querySelectorAll(".live input.search, #filter")].sort((a, b) => away(a) - away(b))[0];
  };

  ml.startTimeline = async function (loaded) {
    const section = ml.section("overview");
    if (!section || !loaded.duration) return;
    core = loaded;
    makePlace(section);
    readPalette();
    ml.addTrack("", "time", 24, drawAxis);
    await ml.addTracks(core);
    ml.addThreads(core);
    section.dataset.live = "";
    tracks.filter((track) => !track.isWatched).forEach(ml.watchTrack);
    startStrip();
    place.tracks.addEventListener("wheel", wheel, { passive: false });
    sizes.observe(strip.canvas);
    addEventListener("scroll", () => ml.touch("scroll"), { passive: true });
    ml.on("theme", readPalette);
    ml.on("from to query box size scroll theme", drawTracks);
    startKeys();
    ml.touch("theme");
  };
})(window.microlog);
