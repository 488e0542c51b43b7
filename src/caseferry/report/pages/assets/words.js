// What two texts have in common, word by word (Myers, "An O(ND) difference algorithm").

const SAME = 0;
const GONE = 1;
const CAME = 2;
const MOST_EDITS = 600; // beyond it two texts are simply different

const segmenter = typeof Intl.Segmenter === "function"
  ? new Intl.Segmenter(undefined, { granularity: "word" })
  : null;

function tokens(text) {
  if (segmenter) return Array.from(segmenter.segment(text), (part) => part.segment);
  return text.match(/[\p{L}\p{N}]+|\s+|[^]/gu) ?? [];
}

// Gives [kind, text] in order.
function compareTexts(before, after) {
  if (before === after) return [[SAME, before]];
  const a = tokens(before);
  const b = tokens(after);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  const room = Math.min(a.length, b.length) - start;
  while (end < room && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const middle = edits(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const parts = [[SAME, a.slice(0, start).join("")], ...middle];
  if (end) parts.push([SAME, a.slice(a.length - end).join("")]);
  return joined(parts);
}

function edits(a, b) {
  if (!a.length || !b.length) return [[GONE, a.join("")], [CAME, b.join("")]];
  const trace = walk(a, b);
  return trace ? backwards(a, b, trace) : [[GONE, a.join("")], [CAME, b.join("")]];
}

function walk(a, b) {
  const most = Math.min(a.length + b.length, MOST_EDITS);
  const middle = most + 1;
  const reach = new Int32Array(2 * most + 3);
  const trace = [];
  for (let d = 0; d <= most; d += 1) {
    trace.push(reach.slice(middle - d - 1, middle + d + 2));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && reach[middle + k - 1] < reach[middle + k + 1]);
      let x = down ? reach[middle + k + 1] : reach[middle + k - 1] + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      reach[middle + k] = x;
      if (x >= a.length && x - k >= b.length) return trace;
    }
  }
  return null;
}

function backwards(a, b, trace) {
  const parts = [];
  let x = a.length;
  let y = b.length;
  for (let d = trace.length - 1; d >= 0; d -= 1) {
    const reach = trace[d];
    const k = x - y;
    const at = (diagonal) => reach[diagonal + d + 1];
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const from = down ? k + 1 : k - 1;
    const startX = d ? at(from) : 0;
    const startY = d ? startX - from : 0;
    while (x > startX && y > startY) {
      x -= 1;
      y -= 1;
      parts.push([SAME, a[x]]);
    }
    if (!d) break;
    parts.push(down ? [CAME, b[startY]] : [GONE, a[startX]]);
    x = startX;
    y = startY;
  }
  return parts.reverse();
}

// Joins neighbours; a blank between two changes belongs to both.
function joined(parts) {
  const runs = [];
  let gone = "";
  let came = "";
  const settle = () => {
    if (gone) runs.push([GONE, gone]);
    if (came) runs.push([CAME, came]);
    gone = came = "";
  };
  let blank = "";
  for (const [kind, text] of parts) {
    if (!text) continue;
    if (kind === SAME) {
      if ((gone || came) && !blank && /^\s+$/u.test(text)) {
        blank = text;
        continue;
      }
      settle();
      const last = runs.at(-1);
      const whole = blank + text;
      blank = "";
      if (last && last[0] === SAME) last[1] += whole;
      else runs.push([SAME, whole]);
      continue;
    }
    if (blank) {
      gone += blank;
      came += blank;
      blank = "";
    }
    if (kind === GONE) gone += text;
    else came += text;
  }
  settle();
  if (blank) runs.push([SAME, blank]);
  return runs;
}
