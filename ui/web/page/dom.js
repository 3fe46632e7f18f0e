// Elements made of data. Text becomes text nodes and attributes are set by name, so that
// nothing an article holds is ever read as HTML; no other module makes elements.

/** Whether the screen has room for one thing at a time, as the style has it. */
export const narrow = window.matchMedia("(max-width: 800px)");

/** Whether the reader wants nothing to move. */
export const still = window.matchMedia("(prefers-reduced-motion: reduce)");

const WEB = /^https?:\/\//i;
const SVG = "http://www.w3.org/2000/svg";

const fill = (node, given, children) => {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [kind, heard] of Object.entries(value)) node.addEventListener(kind, heard);
    else if (value === true) node.setAttribute(name, "");
    else node.setAttribute(name, String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
};

/** An element with attributes, `on: {event: listener}`, and children: nodes, text, or lists of them. */
export const make = (tag, given = {}, ...children) => fill(document.createElement(tag), given, children);

/** The same for a drawing. */
export const draw = (tag, given = {}, ...children) => fill(document.createElementNS(SVG, tag), given, children);

export const button = (text, given = {}, heard = () => {}) =>
  make("button", { type: "button", ...given, on: { click: heard } }, text);

/** A link out of the page, or null where the address is none of the web. */
export const outward = (text, address, given = {}) =>
  typeof address === "string" && WEB.test(address)
    ? make("a", { ...given, href: address, target: "_blank", rel: "noopener noreferrer" }, text)
    : null;

/** Text of an article within our own: its direction stays its own. */
export const foreign = (text, given = {}) => make("bdi", given, text);

/**
 * A language model's text without the characters that begin and end runs of a direction
 * (Unicode Bidirectional Algorithm, 2): those that aren't paired turn what stands after them too.
 */
export const unturned = (text) => text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "");

const MONTHS = ["January", "February", "March", "April", "May", "June", "July",
  "August", "September", "October", "November", "December"];

/** "4 March 2025" of an ISO day or moment; empty for none. */
export const day = (iso) => {
  const found = /^(\d{4})-(\d\d)-(\d\d)/.exec(iso || "");
  return found ? `${Number(found[3])} ${MONTHS[found[2] - 1]} ${found[1]}` : "";
};

/** "4 March 2025, 09:05 UTC", or the day alone where that is all that is known. */
export const moment = (iso) => {
  const found = /T(\d\d:\d\d)(?::[\d.]+)?(Z|[+-]\d\d:\d\d)?$/.exec(iso || "");
  if (!found) return day(iso);
  const zone = !found[2] || found[2] === "Z" || found[2] === "+00:00" ? "UTC" : `UTC${found[2]}`;
  return `${day(iso)}, ${found[1]} ${zone}`;
};

export const month = (iso) => `${MONTHS[Number(iso.slice(5, 7)) - 1]} ${iso.slice(0, 4)}`;

export const counted = (count, what) => `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;

/** "12 articles from 4 March 2025 to 9 May 2025", of what is known of the collection. */
export const extent = (facts) =>
  `${counted(facts.articles, "article")}${facts.first ? ` from ${day(facts.first)} to ${day(facts.last)}` : ""}`;

export const titled = (article) => article.title.trim() || "Untitled article";

/** Whether a click on a link asks for a tab or window of its own, which is the browser's to open. */
export const elsewhere = (event) => event.metaKey || event.ctrlKey || event.shiftKey;

/** An article's headline as a link to `href`; `opened(link)` opens it on this page. */
export const headline = (article, href, opened, given = {}) => make("a", {
  class: "headline",
  href,
  ...given,
  on: {
    click: (event) => {
      if (elsewhere(event)) return;
      event.preventDefault();
      opened(event.currentTarget);
    },
  },
}, foreign(titled(article)));

/** "The Gazette, 4 March 2025", as far as known: the source in its own direction, the rest in ours. */
export const origin = (article) => [
  article.source ? [foreign(article.source), ", "] : null,
  day(article.published) || "no date",
];

/** The same as plain text. */
export const originText = (article) => [article.source, day(article.published) || "no date"].filter(Boolean).join(", ");

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1eeff}]/u;

/** Which way a text runs, by its first letter (Unicode Bidirectional Algorithm, P2 and P3). */
export const direction = (text) => {
  const first = /\p{L}/u.exec(text);
  return first && RIGHT_TO_LEFT.test(first[0]) ? "rtl" : "ltr";
};

/**
 * Offsets in code points as the index counts them, turned into JavaScript's own.
 * `offsets` must rise.
 */
export const units = (text, offsets) => {
  if (!/[\ud800-\udfff]/.test(text)) return offsets;
  const found = [];
  let place = 0;
  let points = 0;
  for (const offset of offsets) {
    while (points < offset && place < text.length) {
      place += text.codePointAt(place) > 0xffff ? 2 : 1;
      points += 1;
    }
    found.push(place);
  }
  return found;
};

/** Puts text on the clipboard; on plain http from elsewhere browsers have only the old way. */
export const copy = async (text) => {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const before = document.activeElement;
  const area = make("textarea", { class: "spoken" });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus?.({ preventScroll: true });
  if (!done) throw new Error("the browser did not allow it");
};

/** Hands the reader a file. */
export const download = (name, blob) => {
  const address = URL.createObjectURL(blob);
  const link = make("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
};
