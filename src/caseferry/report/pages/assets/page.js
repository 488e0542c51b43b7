// Unpacks the records, narrows them, and shows a page of them at a time.

const PER_PAGE = 50;
const MOST_PRINTED = 200;
const SLICE_MS = 12;
const MOST_FOUND = 2000;

const byId = (id) => document.getElementById(id);
const form = byId("choose");
const list = byId("list");
const records = [];
let matching = records;
let start = 0;
let extra = null; // { label, test } of a figure that was followed
let typing = 0; // the timer of a search that is being typed
let turn = 0; // the latest question; older ones give up

const breathe = () => new Promise((resolve) => setTimeout(resolve));

// Works in slices, so that typing and scrolling never wait.
async function inSlices(items, each, isWanted) {
  let until = performance.now() + SLICE_MS;
  for (const item of items) {
    each(item);
    if (performance.now() > until) {
      await breathe();
      if (!isWanted()) return false;
      until = performance.now() + SLICE_MS;
    }
  }
  return true;
}

async function unpack(packed) {
  const letters = atob(packed);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at += 1) bytes[at] = letters.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

async function load() {
  const chunks = document.querySelectorAll("script.chunk");
  const progress = byId("loading");
  progress.hidden = false;
  let done = 0;
  for (const chunk of chunks) {
    for (const row of await unpack(chunk.textContent)) records.push(row);
    done += 1;
    progress.value = done / chunks.length;
    if (done === 1) await show(0);
    await breathe();
  }
  progress.remove();
}

const FACETS = {
  field: (row) => (row.changes ?? []).map((change) => change[0]),
  loss: (row) => (row.losses ?? []).map((loss) => loss[0]),
};

function valuesOf(row, facet) {
  const give = FACETS[facet];
  if (give) return give(row);
  return row[facet] ? [row[facet]] : [];
}

function fillFacets() {
  for (const select of form.querySelectorAll("select")) {
    const counts = new Map();
    for (const row of records) {
      for (const value of new Set(valuesOf(row, select.dataset.facet))) {
        counts.set(value, (counts.get(value) ?? 0) + 1);
      }
    }
    const names = [...counts.keys()].sort();
    if (select.dataset.facet === "loss" && names.length > 1) {
      const any = records.reduce((sum, row) => sum + (row.losses ? 1 : 0), 0);
      select.append(make("option", { value: "*" }, `every loss (${figure(any)})`));
    }
    for (const name of names) {
      select.append(make("option", { value: name }, `${visible(words(name)).slice(0, 48)} (${figure(counts.get(name))})`));
    }
    select.closest("label").hidden = names.length === 0;
  }
}

function haystack(row) {
  const parts = [row.key, row.name, row.to, row.case, row.cause, row.reason, row.state, spelledValue(row.note)];
  for (const [name, value] of row.facts ?? []) parts.push(name, spelledValue(value));
  for (const [name, ...values] of row.changes ?? []) parts.push(name, ...values.map(spelledValue));
  for (const loss of row.losses ?? []) parts.push(...loss);
  return parts.filter(Boolean).join("\n").toLowerCase();
}

function wantedText() {
  return byId("words").value.trim().toLowerCase();
}

function tests() {
  const all = [];
  for (const select of form.querySelectorAll("select")) {
    const { value, dataset: { facet } } = select;
    if (value === "*") all.push((row) => valuesOf(row, facet).length > 0);
    else if (value) all.push((row) => valuesOf(row, facet).includes(value));
  }
  if (extra) all.push(extra.test);
  const wanted = wantedText();
  if (wanted) {
    all.push((row) => {
      row.hay ??= haystack(row);
      return row.hay.includes(wanted);
    });
  }
  return all;
}

async function narrow() {
  busy(true);
  clearTimeout(typing);
  turn += 1;
  const own = turn;
  const all = tests();
  const found = [];
  const isDone = await inSlices(records, (row) => {
    if (all.every((test) => test(row))) found.push(row);
  }, () => own === turn);
  if (!isDone) return;
  matching = found;
  chips();
  byId("count").textContent = told();
  await show(0);
}

// For whoever waits: nothing more is on its way.
function busy(isBusy) {
  document.documentElement.dataset.busy = isBusy ? "yes" : "no";
  list.setAttribute("aria-busy", String(isBusy));
}

function told() {
  if (matching.length === records.length) return `${counted(records.length, settings.noun)}`;
  return `${figure(matching.length)} of ${counted(records.length, settings.noun)}`;
}

function chips() {
  const place = byId("chips");
  place.replaceChildren();
  if (!extra) return;
  const button = make("button", { type: "button" }, extra.label, make("span", { "aria-hidden": "true" }, " ×"),
    make("span", { class: "aside" }, " remove"));
  button.addEventListener("click", () => {
    extra = null;
    narrow();
    byId("words").focus();
  });
  place.append(button);
}

let shownTurn = 0;

async function show(from) {
  start = from;
  shownTurn += 1;
  const own = shownTurn;
  const rows = matching.slice(from, from + PER_PAGE);
  list.replaceChildren();
  if (!rows.length) list.append(make("p", { class: "said" }, `No ${settings.noun} are like that.`));
  pager();
  const isDone = await inSlices(rows, (row) => list.append(card(row)), () => own === shownTurn);
  if (!isDone) return;
  highlight();
  busy(false);
}

function pager() {
  const end = Math.min(start + PER_PAGE, matching.length);
  byId("pages").hidden = matching.length <= PER_PAGE;
  byId("where").textContent = `${figure(start + 1)} to ${figure(end)} of ${figure(matching.length)}`;
  byId("first").disabled = byId("previous").disabled = start === 0;
  byId("last").disabled = byId("next").disabled = end >= matching.length;
}

async function turnTo(from) {
  await show(Math.max(0, from));
  list.focus({ preventScroll: true });
  byId("count").scrollIntoView({ block: "start" });
}

// Marks what was searched for without touching the elements.
function highlight() {
  if (!CSS.highlights) return;
  CSS.highlights.delete("found");
  const wanted = wantedText();
  if (!wanted) return;
  const ranges = [];
  const walker = document.createTreeWalker(list, NodeFilter.SHOW_TEXT);
  while (walker.nextNode() && ranges.length < MOST_FOUND) {
    const node = walker.currentNode;
    const text = node.data.toLowerCase();
    if (text.length !== node.length) continue; // its places would be others
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
      const range = new Range();
      range.setStart(node, at);
      range.setEnd(node, at + wanted.length);
      ranges.push(range);
    }
  }
  CSS.highlights.set("found", new Highlight(...ranges));
}

function follow(wanted) {
  form.reset();
  extra = null;
  for (const select of form.querySelectorAll("select")) {
    const value = wanted[select.dataset.facet];
    if (value !== undefined) select.value = value;
  }
  if (wanted.flow !== undefined) extra = flowTest(wanted);
  if (wanted.case !== undefined) {
    extra = {
      label: `Case ${visible(wanted.case)}`,
      test: (row) => row.case === wanted.case || row.key === wanted.case,
    };
  }
  narrow();
  byId("records").scrollIntoView({ block: "start" });
  byId("records-title").focus({ preventScroll: true });
}

function flowTest({ flow, from, to }) {
  const [role, name] = flow.split(" ");
  const isOne = ([field, , after, source]) => field === name
    && spelledValue(source ?? after) === from && spelledValue(after) === to;
  return {
    label: `${visible(name)}: ${visible(from)} → ${visible(to)}`,
    test: (row) => row.role === role && (row.changes ?? []).some(isOne),
  };
}

function chosenWords() {
  const parts = [];
  for (const select of form.querySelectorAll("select")) {
    if (select.value) parts.push(`${select.dataset.facet}: ${select.selectedOptions[0].textContent}`);
  }
  if (extra) parts.push(extra.label);
  if (wantedText()) parts.push(`text: ${visible(byId("words").value)}`);
  return parts.length ? ` (${parts.join("; ")})` : "";
}

function beforePrint() {
  shownTurn += 1;
  const rows = matching.slice(0, MOST_PRINTED);
  const said = rows.length < matching.length
    ? `Printed are the first ${figure(rows.length)} of ${counted(matching.length, settings.noun)}${chosenWords()}. Narrow them to print others.`
    : `Printed are all ${counted(rows.length, settings.noun)}${chosenWords()}.`;
  list.replaceChildren(make("p", { class: "printed" }, said), ...rows.map(card));
}

function listen() {
  byId("words").addEventListener("input", () => {
    busy(true);
    clearTimeout(typing);
    typing = setTimeout(narrow, 150);
  });
  form.addEventListener("change", (event) => {
    if (event.target.matches("select")) narrow();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    narrow();
  });
  form.addEventListener("reset", () => {
    extra = null;
    busy(true);
    setTimeout(narrow);
  });
  byId("first").addEventListener("click", () => turnTo(0));
  byId("previous").addEventListener("click", () => turnTo(start - PER_PAGE));
  byId("next").addEventListener("click", () => turnTo(start + PER_PAGE));
  byId("last").addEventListener("click", () => turnTo(Math.floor((matching.length - 1) / PER_PAGE) * PER_PAGE));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.narrow, button[data-case]");
    if (!link) return;
    event.preventDefault();
    follow(link.dataset);
  });
  window.addEventListener("beforeprint", beforePrint);
  window.addEventListener("afterprint", () => show(start));
}

async function begin() {
  list.tabIndex = -1;
  byId("records-title").tabIndex = -1;
  try {
    await load();
  } catch (error) {
    byId("count").textContent = "This browser cannot unpack the records; a newer one can.";
    throw error;
  }
  fillFacets();
  form.hidden = false;
  listen();
  byId("count").textContent = told();
  await show(0);
  busy(false);
  performance.mark("ready");
  document.documentElement.dataset.ready = "yes";
}

begin();
