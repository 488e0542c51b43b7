// One record as a card: what happens to it and why, and each field, old beside new.

const EDGE = 90; // characters that stay beside a change
const LEAST = 120; // characters that are worth folding
const HEAD = 320; // characters that stay of a text that stands alone

const settings = JSON.parse(document.getElementById("settings").textContent);
const STYLES = new Map([
  ...settings.writes.map((kind) => [kind, "write"]),
  ...settings.held.map((kind) => [kind, "hold"]),
]);

// Where neither side is the older one, nothing was taken away or added.
const [GONE_NAME, CAME_NAME] = settings.both ? ["mark", "mark"] : ["del", "ins"];

function card(row) {
  const style = STYLES.get(row.state) ?? STYLES.get(row.kind) ?? "rest";
  const title = make("h3", {},
    make("span", { class: `kind ${style}` }, words(row.kind)), " ",
    row.role ?? "", row.name ? " " : "", row.name ? apart(row.name) : "",
    row.state ? `: ${words(row.state)}` : "");
  const article = make("article", { class: `card ${style}` }, title, keys(row));
  if (row.reason || row.cause) {
    article.append(make("p", { class: "reason" }, apart(row.reason ?? ""), " ",
      row.cause ? apart(row.cause, { class: "dim" }) : ""));
  }
  if (row.losses) article.append(losses(row.losses));
  if (row.facts) article.append(facts(row.facts));
  if (row.changes) article.append(changes(row));
  if (row.note) article.append(note(row.note));
  return article;
}

function keys(row) {
  const line = make("p", { class: "keys" }, apart(row.key, { class: "key" }));
  if (row.to) line.append(" → ", apart(row.to, { class: "key" }));
  if (row.case) {
    line.append(" of ", make("button", { type: "button", class: "plain", "data-case": row.case },
      apart(row.case, { class: "key" })));
  }
  if (row.cost) line.append(make("span", { class: "cost" }, `requests: ${row.cost}`));
  return line;
}

function losses(list) {
  const parts = list.map(([rule, field]) =>
    make("li", {}, apart(rule), field ? " " : "", field ? apart(field, { class: "dim" }) : ""));
  return make("ul", { class: "losses", "aria-label": "Losses" }, ...parts);
}

function facts(list) {
  return make("dl", { class: "facts" }, ...list.map(([name, value]) =>
    make("div", {}, make("dt", {}, apart(words(name))), make("dd", {}, ...alone(value, false).nodes))));
}

function note(value) {
  const { nodes } = alone(value, false);
  return make("div", { class: "note" }, make("strong", {}, "Note"), make("div", { class: "text", dir: "auto" }, ...nodes));
}

// A table by its roles: on narrow screens its cells stand below each other.
function changes(row) {
  const [before, after] = settings.sides;
  const both = settings.both || row.changes.some((change) => change[1] !== null);
  const columns = both ? ["field", before, after] : ["field", after];
  const head = make("tr", { role: "row" }, ...columns.map((name) =>
    make("th", { role: "columnheader", scope: "col" }, name)));
  const body = make("tbody", { role: "rowgroup" });
  for (const change of row.changes) body.append(changeRow(change, both, true));
  return make("table", { role: "table", class: both ? "diff both" : "diff", "aria-label": `Fields of ${visible(row.name || row.key)}` },
    make("thead", { role: "rowgroup" }, head), body);
}

function changeRow(change, both, folded) {
  const [name, before, after, source] = change;
  const { left, right, isFolded } = both ? sideBySide(before, after, folded) : single(after, folded);
  const field = make("th", { role: "rowheader", scope: "row" }, apart(name));
  const line = make("tr", { role: "row" }, field);
  if (both) line.append(cell(left, settings.sides[0], "old"));
  const to = cell(right, settings.sides[1], both ? "new" : "");
  if (source !== undefined && source !== null) {
    to.append(make("div", { class: "source" }, "from ", make("bdi", {}, ...alone(source, true).nodes)));
  }
  line.append(to);
  if (isFolded || !folded) field.append(unfold(line, change, both, folded));
  return line;
}

function unfold(line, change, both, folded) {
  const button = make("button", { type: "button", class: "plain small", "aria-expanded": String(!folded) },
    folded ? "show whole" : "show less", make("span", { class: "aside" }, ` ${visible(change[0])}`));
  button.addEventListener("click", () => {
    const other = changeRow(change, both, !folded);
    line.replaceWith(other);
    other.querySelector("button").focus();
  });
  return button;
}

function cell(nodes, side, style) {
  return make("td", { role: "cell", class: style, "data-side": side }, make("div", { class: "text", dir: "auto" }, ...nodes));
}

function single(value, folded) {
  const { nodes, isFolded } = alone(value, folded);
  return { right: nodes, isFolded };
}

function sideBySide(before, after, folded) {
  const [a, b] = [wholeText(before), wholeText(after)];
  if (a === null || b === null) {
    const [left, right] = Array.isArray(before) && Array.isArray(after)
      ? lists(before, after)
      : [alone(before, folded), alone(after, folded)];
    return { left: left.nodes, right: right.nodes, isFolded: left.isFolded || right.isFolded };
  }
  const parts = compareTexts(a, b);
  const left = marked(parts.filter(([kind]) => kind !== CAME), GONE_NAME, folded);
  const right = marked(parts.filter(([kind]) => kind !== GONE), CAME_NAME, folded);
  return {
    left: ends(before, left.nodes), right: ends(after, right.nodes),
    isFolded: left.isFolded || right.isFolded,
  };
}

function wholeText(value) {
  if (typeof value === "string") return value;
  return value && value.cut !== undefined ? value.cut : null;
}

function marked(parts, name, folded) {
  const nodes = [];
  let isFolded = false;
  parts.forEach(([kind, text], at) => {
    if (kind !== SAME) {
      nodes.push(make(name, {}, ...textNodes(text)));
      return;
    }
    const head = at === 0 ? 0 : EDGE;
    const tail = at === parts.length - 1 ? 0 : EDGE;
    const alike = parts.length === 1 ? HEAD : head;
    if (!folded || text.length <= alike + tail + LEAST) {
      nodes.push(...textNodes(text));
      return;
    }
    isFolded = true;
    const from = nearBlank(text, alike);
    const to = nearBlank(text, text.length - tail);
    nodes.push(...textNodes(text.slice(0, from)), gap(`${figure(to - from)} characters alike`),
      ...textNodes(text.slice(to)));
  });
  return { nodes, isFolded };
}

// Between words where there is a blank near, never between the halves of a character.
function nearBlank(text, at) {
  if (at <= 0 || at >= text.length) return at;
  const blank = text.indexOf(" ", at);
  if (blank >= 0 && blank - at <= 16) return blank;
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}

function gap(said) {
  return make("span", { class: "gap" }, ` … ${said} …`);
}

function ends(value, nodes) {
  if (typeof value === "string" || value === null) return nodes;
  const left = value.of - value.from - value.cut.length;
  const all = [...nodes];
  if (value.from) all.unshift(gap(`${figure(value.from)} characters left out`));
  if (left > 0) all.push(gap(`${figure(left)} characters left out; see ${settings.file || "the plan file"}`));
  return all;
}

function alone(value, folded) {
  if (value === null || value === undefined) return plain("(none)", "none");
  if (Array.isArray(value)) return { nodes: value.flatMap((part, at) => [at ? ", " : "", ...alone(part, folded).nodes]), isFolded: false };
  if (value.hidden !== undefined) return plain(hiddenWords(value), "hidden");
  const text = wholeText(value);
  if (text === "") return plain("(empty)", "none");
  const isFolded = folded && text.length > HEAD + LEAST;
  if (!isFolded) return { nodes: ends(value, textNodes(text)), isFolded };
  const at = nearBlank(text, HEAD);
  const rest = (value.of ?? text.length) - at;
  return { nodes: [...textNodes(text.slice(0, at)), gap(`${figure(rest)} characters more`)], isFolded };
}

function plain(said, style) {
  return { nodes: [make("span", { class: style }, said)], isFolded: false };
}

function hiddenWords(value) {
  return `hidden (${visible(value.hidden).slice(0, 12)}…)`;
}

function lists(before, after) {
  const side = (own, other, name) => ({
    isFolded: false,
    nodes: own.length ? own.flatMap((part, at) => {
      const kept = other.some((one) => spelledValue(one) === spelledValue(part));
      const nodes = alone(part, false).nodes;
      return [at ? ", " : "", ...(kept ? nodes : [make(name, {}, ...nodes)])];
    }) : plain("(none)", "none").nodes,
  });
  return [side(before, after, GONE_NAME), side(after, before, CAME_NAME)];
}

// As the pictures' links spell a value.
function spelledValue(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(spelledValue).join(", ");
  if (value.hidden !== undefined) return `hidden (${value.hidden})`;
  return wholeText(value);
}
