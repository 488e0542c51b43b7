"use strict";

// Contents of records reach the page through text nodes made here, and no other way.

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;
const LAYOUT = new Set(["\n", "\t", "\u200c", "\u200d"]);

function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.flatMap((child) => (typeof child === "string" ? textNodes(child) : [child])));
  return element;
}

function spelled(character) {
  const code = character.codePointAt(0);
  const digits = code.toString(16);
  if (code <= 0xff) return `\\x${digits.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
}

// Characters that act on their reader instead of being seen are spelled out.
function textNodes(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(UNSEEN)) {
    if (LAYOUT.has(found[0])) continue;
    if (found.index > from) nodes.push(document.createTextNode(text.slice(from, found.index)));
    nodes.push(make("span", { class: "unseen" }, spelled(found[0])));
    from = found.index + found[0].length;
  }
  if (from < text.length) nodes.push(document.createTextNode(text.slice(from)));
  return nodes;
}

// Inline, and of its own direction: what is around it keeps its order.
function apart(text, attributes = {}) {
  return make("bdi", attributes, text);
}

function visible(text) {
  return text.replace(UNSEEN, spelled);
}

function figure(count) {
  return count.toLocaleString("en");
}

function counted(count, noun) {
  return `${figure(count)} ${count === 1 ? noun.replace(/s$/, "") : noun}`;
}

function words(name) {
  return name.replaceAll("_", " ");
}
