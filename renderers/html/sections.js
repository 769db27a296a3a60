"use strict";
// Comfort for the sections that are complete without it: the log, tables, diagrams, findings.
(function (ml) {
  const LINES_STEP = 500;

  // ---- log

  let log = null, list, status, more, most = LINES_STEP;
  const known = new Map();

  function makeLine(row) {
    const place = row.file && ml.el("code", { title: row.file }, row.file.split("/").pop() + (row.line ? ":" + row.line : ""));
    const line = ml.el("li." + row.word, { "data-row": row.row, "data-time": row.time }, ml.el("span.time", null, (row.time / 1e9).toFixed(2) + " s"), " ",
      ml.el("span.word", null, row.word), " ", ml.el("span.source", null, row.source), " ", ml.el("div.text", null, ...ml.colored(row.text)), ml.el("span.place", null, place));
    linkTime(line, row.time);
    ml.linkPlaces(line);
    return line;
  }

  // The time of a line leads to that moment on the timeline.
  function linkTime(line, time) {
    const old = line.querySelector(".time");
    const button = ml.el("button.time.link", { type: "button", title: "Show this moment on the timeline", "aria-label": old.textContent + " on the timeline" }, old.textContent);
    button.addEventListener("click", () => {
      const span = Math.min(ml.runLength, Math.max(ml.runLength / 50, 2e8));
      ml.setView(time - span / 2, time + span / 2, true);
      const row = log && log.rows[line.dataset.row];
      if (row) ml.showMessages([row]);
      ml.section("overview").scrollIntoView();
    });
    old.replaceWith(button);
  }

  function rowsOfPage() {
    return [...known.values()].map((line) => ({ row: Number(line.dataset.row), time: Number(line.dataset.time), rank: Number(line.dataset.rank),
      text: line.querySelector(".text").textContent, source: line.querySelector(".source").textContent, word: line.className }));
  }

  function wantedRows() {
    const { level, text } = ml.state, test = ml.matcher(text), view = ml.view();
    return (log ? log.rows : rowsOfPage()).filter((row) => (!level || row.rank >= Number(level)) && (!ml.isZoomed() || (row.time >= view.from && row.time <= view.to)) &&
      (!test || [row.text, row.source, row.word].some(test)));
  }

  function lineOf(row) {
    if (!known.has(row.row)) known.set(row.row, makeLine(row));
    return known.get(row.row);
  }

  function showLog() {
    const rows = wantedRows(), all = log ? log.total : known.size;
    list.replaceChildren(...rows.slice(0, most).map(lineOf));
    more.hidden = rows.length <= most;
    status.textContent = (rows.length === all ? ml.count(all) + " messages" : ml.count(rows.length) + " of " + ml.count(all) + " messages") +
      (ml.isZoomed() ? " in the range " + ml.time(ml.view().from, 2e9) + " to " + ml.time(ml.view().to, 2e9) : "") +
      (log && log.rows.length < log.total ? "; the page holds the first " + ml.count(log.rows.length) : "");
    place.all.hidden = rows.length > 0 || !all;
  }

  const place = {};

  ml.showInLog = function (row) {
    const seen = wantedRows().findIndex((one) => one.row === row.row);
    if (seen < 0) ml.set({ level: "", text: "" });
    most = Math.max(most, (seen < 0 ? row.row : seen) + 1);
    showLog();
    const line = lineOf(row);
    line.scrollIntoView({ block: "center" });
    line.classList.add("found");
    setTimeout(() => line.classList.remove("found"), 3000);
  };

  async function startLog() {
    const filter = document.getElementById("filter");
    list = document.querySelector("#log .log");
    if (!filter || !list) return;
    for (const line of list.children) {
      const text = line.querySelector(".text");
      if (!text.children.length && text.textContent.includes("\\x1b[")) text.replaceChildren(...ml.colored(text.textContent));
      known.set(Number(line.dataset.row), line);
      linkTime(line, Number(line.dataset.time));
    }
    const level = ml.el("select", { "aria-label": "Least level", onchange: () => ml.set({ level: level.value }) },
      ...[["", "all levels"], ["2", "warnings and errors"], ["3", "errors"]].map(([value, text]) => ml.el("option", { value }, text)));
    status = ml.el("span.remark", { "aria-live": "polite" });
    more = ml.button("Show more", "Show more lines", () => { most += LINES_STEP; showLog(); }, { hidden: "" });
    place.all = ml.el("p.none", { hidden: "" }, "No message fits. ", ml.button("Show all", "Show all messages", () => { ml.set({ level: "", text: "" }); ml.setView(0, Infinity); }));
    const box = filter.closest(".filter");
    box.classList.add("tools");
    box.append(level, status);
    list.after(place.all, more);
    box.hidden = false;
    const rest = document.querySelector("#log > .remark.rest");
    filter.addEventListener("input", () => ml.set({ text: filter.value }));
    let timer = 0;
    ml.on("level text log", () => {
      filter.value = ml.state.text;
      level.value = ml.state.level;
      showLog();
    });
    ml.on("from to", () => { // not in each frame of a drag
      clearTimeout(timer);
      timer = setTimeout(showLog, 120);
    });
    ml.touch("log");
    try {
      log = await ml.data.log();
      if (rest) rest.hidden = true;
      ml.touch("log");
    } catch (problem) { ml.fail("log", problem); }
  }

  // ---- tables

  const valueOf = (cell) => cell && cell.dataset.v !== undefined ? Number(cell.dataset.v) : cell ? cell.textContent.trim() : "";

  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
  }

  function sortTable(table, column, head) {
    const rows = [...table.tBodies[0].rows], isNumber = head.classList.contains("number");
    const isDown = head.getAttribute("aria-sort") === "descending" || (!head.hasAttribute("aria-sort") && !isNumber);
    const order = rows.map((row, i) => ({ row, i, value: valueOf(row.cells[column]) }))
      .sort((a, b) => (isDown ? compare(a.value, b.value) : compare(b.value, a.value)) || a.i - b.i);
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", isDown ? "ascending" : "descending");
    order.forEach(({ row }, i) => { row.hidden = !table.isWhole && i >= table.shownFirst; });
    table.tBodies[0].append(...order.map(({ row }) => row));
  }

  // The rows that were folded away join the others, and come and go with a button.
  function unfold(table, folded) {
    const rest = folded.querySelector("table"), rows = [...rest.tBodies[0].rows], count = table.tBodies[0].rows.length + rows.length;
    rows.forEach((row) => { row.hidden = true; });
    table.tBodies[0].append(...rows);
    const button = ml.button("Show all " + count + " rows", "Show all rows of this table", () => {
      table.isWhole = !table.isWhole;
      [...table.tBodies[0].rows].forEach((row, i) => { row.hidden = !table.isWhole && i >= table.shownFirst; });
      button.textContent = table.isWhole ? "Show the first " + table.shownFirst : "Show all " + count + " rows";
    });
    folded.replaceWith(button);
  }

  function startTable(table) {
    const box = table.closest(".scroll"), folded = box && box.nextElementSibling;
    table.shownFirst = table.tBodies[0].rows.length;
    if (folded && folded.matches("details.rows")) unfold(table, folded);
    if (table.tBodies[0].rows.length < 2) return;
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      if (head.classList.contains("bar")) return;
      const text = head.textContent.replace(" ▾", "");
      if (text !== head.textContent) head.setAttribute("aria-sort", "descending");
      head.replaceChildren(ml.el("button.sort", { type: "button", onclick: () => sortTable(table, column, head) }, text));
    });
  }

  // ---- diagrams: drag moves, Ctrl and wheel zooms, a click shows what a node has to do with others

  function startGraph(svg) {
    const whole = svg.viewBox.baseVal, box = { x: whole.x, y: whole.y, width: whole.width, height: whole.height }, first = Object.assign({}, box);
    let drag = null;
    const apply = () => svg.setAttribute("viewBox", [box.x, box.y, box.width, box.height].join(" "));
    const zoom = (factor, x, y) => {
      const limited = Math.max(first.width / 20, Math.min(first.width * 2, box.width * factor)) / box.width;
      box.x += x * box.width * (1 - limited);
      box.y += y * box.height * (1 - limited);
      box.width *= limited;
      box.height *= limited;
      apply();
    };
    const choose = (node) => {
      const id = node && !node.classList.contains("chosen") ? node.dataset.node : null, near = new Set([id]);
      svg.classList.toggle("choosing", id !== null);
      for (const edge of svg.querySelectorAll("[data-from]")) {
        const isNear = edge.dataset.from === id || edge.dataset.to === id;
        edge.classList.toggle("near", isNear);
        if (isNear) near.add(edge.dataset.from).add(edge.dataset.to);
      }
      for (const other of svg.querySelectorAll("[data-node]")) {
        other.classList.toggle("near", near.has(other.dataset.node));
        other.classList.toggle("chosen", other.dataset.node === id);
      }
      if (id !== null && node.dataset.file && ml.runLength) ml.showGroup(node.dataset.id, node.dataset.file);
      else if (id !== null) ml.say(node.querySelector("title").textContent + ": " + (near.size - 1) + " neighbours");
    };
    svg.addEventListener("pointerdown", (event) => { drag = { x: event.clientX, y: event.clientY, from: Object.assign({}, box), moved: false }; });
    svg.addEventListener("pointermove", (event) => {
      if (!drag || !event.buttons || Math.abs(event.clientX - drag.x) + Math.abs(event.clientY - drag.y) < 4) return;
      if (!drag.moved) svg.setPointerCapture(event.pointerId);
      drag.moved = true;
      const scale = Math.max(box.width / svg.clientWidth, box.height / svg.clientHeight);
      box.x = drag.from.x - (event.clientX - drag.x) * scale;
      box.y = drag.from.y - (event.clientY - drag.y) * scale;
      apply();
    });
    svg.addEventListener("pointerup", (event) => {
      if (drag && !drag.moved) choose(event.target.closest("[data-node]"));
      drag = null;
    });
    svg.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.closest("[data-node]")) choose(event.target.closest("[data-node]"));
    });
    svg.addEventListener("wheel", (event) => {
      const place = svg.getBoundingClientRect();
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY * 0.004))), (event.clientX - place.left) / place.width, (event.clientY - place.top) / place.height);
    }, { passive: false });
    svg.parentElement.scrollLeft = (svg.clientWidth - svg.parentElement.clientWidth) / 2;
    svg.querySelectorAll("[data-node]").forEach((node) => { node.tabIndex = 0; node.setAttribute("role", "button"); });
    svg.parentElement.before(ml.el("div.tools", null, ml.button("−", "Zoom out", () => zoom(1.4, 0.5, 0.5)), ml.button("+", "Zoom in", () => zoom(1 / 1.4, 0.5, 0.5)),
      ml.button("Fit", "The whole diagram", () => { Object.assign(box, first); apply(); }), ml.el("span.remark", null, "A click on a box shows its neighbours, and its functions.")));
  }

  // ---- findings

  // A finding at a line that said something leads to what was said, if it is about that moment.
  function linkToLog(finding) {
    const code = log && finding.querySelector(".where code[title]"), { file, line } = code ? ml.placeOf(code) : {};
    const from = Number(finding.dataset.start) - 1e6, to = Number(finding.dataset.end) + 1e6;
    const row = code && log.rows.find((one) => one.file === file && one.line === line && one.time >= from && one.time <= to);
    if (row) finding.querySelector("h3").append(ml.button("In the log", "Show " + finding.id + " in the log", () => ml.showInLog(row), { "class": "small" }));
  }

  function startFindings() {
    const found = [...document.querySelectorAll(".finding")];
    let at = -1;
    const go = (step) => {
      at = Math.max(0, Math.min(found.length - 1, at + step));
      const fold = found[at] && found[at].closest("details");
      if (fold) fold.open = true;
      if (!found[at]) return;
      found[at].tabIndex = -1;
      found[at].focus({ preventScroll: true });
      found[at].scrollIntoView({ block: "center" });
    };
    ml.key(["j"], "next finding", () => go(1));
    ml.key(["k"], "finding before", () => go(-1));
    for (const finding of found) {
      linkToLog(finding);
      const from = Number(finding.dataset.start), to = Number(finding.dataset.end);
      if (!(to > 0) || !ml.runLength) continue;
      finding.querySelector("h3").append(ml.button("On the timeline", "Show " + finding.id + " on the timeline", () => {
        ml.reveal(from, Math.max(to, from + 1e6));
        ml.section("overview").scrollIntoView();
      }, { "class": "small" }));
    }
  }

  // Text that is there to be taken along, such as what a language model was asked.
  function startCopies() {
    for (const text of document.querySelectorAll(".block details > pre"))
      text.before(ml.button("Copy", "Copy this text", () => navigator.clipboard.writeText(text.textContent).then(() => ml.toast("Copied."),
        () => { getSelection().selectAllChildren(text); ml.toast("It is selected: copy it with the keyboard."); })));
  }

  // Everything that is folded is open on paper.
  function startPrint() {
    let opened = [];
    addEventListener("beforeprint", () => {
      opened = [...document.querySelectorAll("main details:not([open])")];
      opened.forEach((fold) => { fold.open = true; });
    });
    addEventListener("afterprint", () => opened.forEach((fold) => { fold.open = false; }));
  }

  const tried = async (id, act, ...arguments_) => {
    try { await act(...arguments_); } catch (problem) { ml.fail(id, problem); }
  };

  async function start() {
    let core = null, problem = null;
    document.querySelectorAll(".block table, #threads table, #descriptors table").forEach((table) => table.tHead && tried("about", startTable, table));
    document.querySelectorAll("svg.graph").forEach((svg) => tried("about", startGraph, svg));
    startPrint();
    startCopies();
    await ml.pause();
    if (document.getElementById("overview")) {
      try { core = await ml.data.core(); } catch (found) { problem = found; }
      if (problem) ml.fail("overview", problem);
      else {
        ml.startState(core.duration, core.functions.count);
        ml.startDetails(core);
        await tried("overview", ml.startTimeline, core);
        await tried("flame", ml.startFlameGraph, core);
      }
      await tried("log", startLog);
    }
    startFindings();
    ml.startKeys();
    ml.touch("from", "box", "fn", "level");
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    return core;
  }

  ml.ready = start();
})(window.microlog);
