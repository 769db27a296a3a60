"use strict";
// The flame graph of the range of time in view: stacks merged by function, the heaviest first; or turned over, each
// function that ran with its callers below.
(function (ml) {
  const ROW = 18, LABEL_LEAST = 24, HEIGHT_MOST = 720;
  const MEASURES = { running: "running time", wall: "all time, waiting too", cpu: "CPU time" };
  const INVERTED_LEAST = 0.001;
  let core, place, weights, samples, drawn = [], tree = null, upright, matched = 0;
  const fills = [], stale = new Set();

  // Children of each node as a linked list; parents precede children.
  function linkChildren({ count, parent }) {
    const first = new Uint32Array(count), next = new Uint32Array(count);
    for (let node = count - 1; node > 0; node--) {
      next[node] = first[parent[node]];
      first[parent[node]] = node;
    }
    return { first, next };
  }

  function childrenOf(node, least) {
    const found = [], { first, next, total } = tree;
    for (let child = first[node]; child; child = next[child])
      if (total[child] >= least) found.push(child);
    return found.sort((a, b) => total[b] - total[a] || a - b);
  }

  // The paths from their ends: below the root what ran itself, below each node who called it, what weighs little left out.
  function invert() {
    const { paths } = core, ends = [], least = rootWeight() * INVERTED_LEAST;
    const found = { count: 1, parent: [0], depth: [0], function: [-1], stack: [0], total: [rootWeight()], samples: [0] };
    for (let path = 1; path < paths.count; path++) if (weights.self[path] > 0) ends.push(path);
    for (const open = [[0, ends, ends]]; open.length;) {
      const [above, from, at] = open.pop(), groups = new Map();
      from.forEach((end, i) => {
        const called = paths.function[at[i]];
        if (!at[i]) return;
        if (!groups.has(called)) groups.set(called, { from: [], at: [], stack: paths.stack[at[i]], total: 0, samples: 0 });
        const group = groups.get(called);
        group.from.push(end);
        group.at.push(paths.parent[at[i]]);
        group.total += weights.self[end];
        group.samples += samples.self[end];
      });
      for (const [called, group] of groups) {
        if (group.total < least) continue;
        open.push([found.count++, group.from, group.at]);
        for (const [name, value] of [["parent", above], ["depth", found.depth[above] + 1], ["function", called], ["stack", group.stack],
          ["total", group.total], ["samples", group.samples]]) found[name].push(value);
      }
    }
    return Object.assign(found, linkChildren(found));
  }

  // A zoomed tree that is turned over keeps its zoom where the same functions are in the new one.
  function makeTree(isKept) {
    const chain = [];
    for (let at = isKept && tree && tree.parent[ml.state.zoom] !== undefined ? ml.state.zoom : 0; at; at = tree.parent[at]) chain.unshift(tree.function[at]);
    if (!ml.state.inverted) {
      tree = Object.assign({}, core.paths, upright, { total: weights.total });
      return;
    }
    samples = samples || ml.aggregate(core, ml.view(), "samples");
    tree = invert();
    if (isKept) ml.set({ zoom: Math.max(0, chain.reduce((at, called) => childrenOf(at, 0).find((child) => tree.function[child] === called) || -1, 0)) });
  }

  const rootWeight = () => weights.total[0] - weights.self[0];

  // Boxes of what is below `zoom`, with its callers above; nothing under half a pixel.
  function layout(zoom, width) {
    const whole = zoom ? tree.total[zoom] : rootWeight(), boxes = [], depth = tree.depth;
    if (!(whole > 0)) return boxes;
    const least = whole / width / 2, open = [];
    for (let above = zoom; above; above = tree.parent[above])
      boxes.push({ path: above, left: 0, width, depth: depth[above], isAbove: above !== zoom });
    open.push([zoom, 0]);
    while (open.length) {
      let [path, left] = open.pop();
      for (const child of childrenOf(path, least)) {
        const wide = tree.total[child] / whole * width;
        boxes.push({ path: child, left, width: wide, depth: depth[child] });
        open.push([child, left]);
        left += wide;
      }
    }
    return boxes;
  }

  function fillOf(index, hits) {
    if (hits && !(index >= 0 && hits[index])) return ml.palette().wait;
    if (index < 0) return ml.palette().wait;
    return fills[index] || (fills[index] = "rgb(" + ml.fillOf(core, index).join(",") + ")");
  }

  function drawBox(context, box, fill, shift) {
    const top = (box.depth - 1) * ROW - shift, index = tree.function[box.path];
    context.globalAlpha = box.isAbove ? 0.55 : 1;
    context.fillStyle = fill;
    context.fillRect(box.left, top, Math.max(0.5, box.width - (box.width > 3 ? 1 : 0)), ROW - 1);
    context.globalAlpha = 1;
    if (box.width < LABEL_LEAST) return;
    context.fillStyle = fill === ml.palette().wait ? ml.palette().text : "#16181d";
    const room = box.width - 7, letters = Math.floor(room / context.measureText("0").width);
    if (letters >= 2) context.fillText(ml.fit(context, core.name(index), letters, room), box.left + 3, top + ROW / 2);
  }

  function shareMatched(hits) {
    let sum = 0;
    for (let path = 1; path < core.paths.count; path++) {
      const index = core.paths.function[path];
      if (index < 0 || !hits[index] || !weights.total[path]) continue;
      let above = core.paths.parent[path];
      while (above && !hits[core.paths.function[above]]) above = core.paths.parent[above];
      if (!above) sum += weights.total[path];
    }
    return sum / (rootWeight() || 1);
  }

  function describeRange() {
    const view = ml.view(), whole = rootWeight(), hits = ml.matches();
    place.empty.hidden = whole > 0;
    place.box.hidden = !(whole > 0);
    matched = hits && whole > 0 ? shareMatched(hits) : 0;
    place.note.textContent = ml.duration(whole) + " of " + MEASURES[ml.state.measure] + ", all threads together, " +
      (ml.isZoomed() ? "from " + ml.time(view.from, view.to - view.from) + " to " + ml.time(view.to, view.to - view.from) : "in the whole run") +
      (hits ? "; " + ml.ratio(matched) + " is below functions that match" : "") +
      (ml.state.inverted ? ". On top what ran itself, below it who called it; what is under 0.1 % is not drawn" : "");
    place.reset.disabled = !ml.state.zoom;
  }

  function draw() {
    const width = place.canvas.clientWidth, height = place.canvas.clientHeight;
    if (!width) return;
    const context = ml.context(place.canvas, width, height), hits = ml.matches(), shift = place.box.scrollTop;
    const zoom = ml.state.zoom < tree.count ? ml.state.zoom : 0;
    drawn = layout(zoom, width);
    context.textBaseline = "middle";
    context.direction = "ltr";
    for (const box of drawn)
      if (box.depth * ROW > shift && (box.depth - 1) * ROW < shift + height) drawBox(context, box, fillOf(tree.function[box.path], hits), shift);
    place.deepest = drawn.reduce((deepest, box) => Math.max(deepest, box.depth), 0);
    place.canvas.setAttribute("aria-label", "Flame graph, " + place.note.textContent);
  }

  // The height follows what is drawn without a zoom or a range, so that a drag does not shake the page.
  function measure() {
    const high = Math.max(1, place.deepest) * ROW, shown = Math.min(high, HEIGHT_MOST);
    place.canvas.style.height = shown + "px";
    place.box.style.maxHeight = HEIGHT_MOST + "px";
    place.filler.style.height = high - shown + "px";
  }

  function hit(event) {
    const box = place.canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top + place.box.scrollTop;
    const depth = Math.floor(y / ROW) + 1;
    return drawn.find((one) => one.depth === depth && x >= one.left && x < one.left + Math.max(1, one.width));
  }

  function describe(box) {
    samples = samples || ml.aggregate(core, ml.view(), "samples");
    const index = tree.function[box.path], total = tree.total[box.path], line = core.stacks.line[tree.stack[box.path]], isInverted = ml.state.inverted;
    return [core.name(index), core.place(index, line) + " · " + core.origin(index).replace("third", "third party"),
      ml.duration(total) + ", " + ml.ratio(total / rootWeight()) + (isInverted ? ", of what runs on top" : "; itself " + ml.duration(weights.self[box.path])),
      ml.count((isInverted ? tree.samples : samples.total)[box.path]) + " samples"];
  }

  let timer = 0;

  // While the section is out of view, what has changed is only remembered.
  function update(names) {
    const box = place.section.getBoundingClientRect();
    names.forEach((name) => stale.add(name));
    clearTimeout(timer);
    if (ml.state.inverted && tree && (names.has("from") || names.has("to"))) timer = setTimeout(update, 120, new Set()); // not in each frame of a drag
    else if (names.has("start") || (stale.size && box.bottom > -200 && box.top < innerHeight + 200)) refresh();
  }

  function refresh() {
    const names = new Set(stale);
    stale.clear();
    names.delete("scroll");
    if (!names.size) return;
    const isOther = ["from", "to", "measure", "start"].some((name) => names.has(name));
    if (isOther) {
      weights = ml.aggregate(core, ml.view(), ml.state.measure, weights);
      samples = null;
    }
    if (isOther || names.has("inverted")) makeTree(ml.state.inverted && isOther && !names.has("zoom"));
    place.measure.value = ml.state.measure;
    place.order.value = ml.state.inverted ? "1" : "0";
    describeRange();
    draw();
    if (["start", "measure", "inverted"].some((name) => names.has(name))) {
      measure();
      draw();
    }
  }

  function choose(event) {
    const box = hit(event);
    if (!box) return;
    ml.set({ zoom: box.path === ml.state.zoom ? tree.parent[box.path] : box.path }, true);
    if (tree.function[box.path] >= 0) ml.selectFunction(tree.function[box.path]);
  }

  function makePlace(section) {
    const select = ml.el("select", { "aria-label": "What widths mean", onchange: () => ml.set({ measure: select.value }) },
      ...Object.entries(MEASURES).map(([value, text]) => ml.el("option", { value }, text)));
    const order = ml.el("select", { "aria-label": "Callers above or below", onchange: () => ml.set({ inverted: Number(order.value), zoom: 0 }, true) },
      ml.el("option", { value: "0" }, "callers above"), ml.el("option", { value: "1" }, "inverted: callers below"));
    const whole = ml.button("Show the whole run", "Show the whole run", () => ml.setView(0, Infinity));
    place = { section, measure: select, order, search: ml.searchField(), note: ml.el("p.remark"), canvas: ml.el("canvas", { role: "img", tabindex: "0" }), filler: ml.el("div"), deepest: 0,
      reset: ml.button("Reset zoom", "Show all stacks", () => ml.set({ zoom: 0 }, true)),
      empty: ml.el("p.none", { hidden: "" }, "Nothing of this kind was seen in this range of time. ", whole) };
    place.box = ml.el("div.flames", null, place.canvas, place.filler);
    section.append(ml.el("div.live", null, ml.el("div.tools", { role: "toolbar", "aria-label": "Flame graph" }, place.search, select, order, place.reset),
      place.note, section.querySelector(".legend").cloneNode(true), place.empty, place.box));
  }

  ml.startFlameGraph = function (loaded) {
    const section = ml.section("flame");
    if (!section || !section.querySelector(".legend")) return;
    core = loaded;
    upright = linkChildren(core.paths);
    makePlace(section);
    section.dataset.live = "";
    place.canvas.addEventListener("click", choose);
    place.canvas.addEventListener("pointermove", (event) => {
      const box = hit(event);
      ml.tip(event, box ? describe(box) : null);
    });
    place.canvas.addEventListener("pointerleave", (event) => ml.tip(event, null));
    place.box.addEventListener("scroll", draw);
    new ResizeObserver(() => ml.touch("flame")).observe(place.canvas);
    ml.on("from to measure query zoom inverted theme flame start scroll", update);
    ml.escape(() => ml.state.zoom, () => ml.set({ zoom: 0 }));
    ml.touch("start");
  };

  // For tests: what is drawn and what share matches.
  ml.flameBoxes = () => (refresh(), drawn).map((box) => ({ name: core.name(tree.function[box.path]), left: box.left, width: box.width, depth: box.depth, weight: tree.total[box.path] }));
  ml.flameMatched = () => (refresh(), matched);
})(window.microlog);
