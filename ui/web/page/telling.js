// The sentences of an answer: as they come, and as they stand in the end.

import { byModel, claimNode, insteadNode, pendingNode, struckNode } from "./answer.js";
import { make } from "./dom.js";

const INSTEAD = "instead";

/** By what a sentence on show is known to be one of the answer's. */
const keyOf = (one, citations = []) =>
  JSON.stringify([one, citations.filter(({ marker }) => one.citations?.includes(marker))]);

/**
 * The sentences of `turn` in `node`: each step of the server's is told by a call, and `finish`
 * puts what the whole answer has, without touching what stands there already.
 */
export const telling = (turn) => {
  const waiting = make("p", { class: "waiting" });
  const node = make("div", { class: "sentences" }, waiting);
  const rows = new Map();
  const growing = new Map();
  const keys = new Map();
  let last = -1;
  let serial = 0;
  let frame = 0;
  let height = 0;
  let among = false;
  let writing = false;

  const waits = (forWriter) => {
    writing = forWriter;
    waiting.textContent = writing ? "Writing…" : "Reading the articles…";
    // Or it would be said after each sentence.
    if (writing) waiting.setAttribute("aria-live", "off");
  };

  const claimed = (claim, citations) => {
    among ||= byModel(claim);
    return claimNode(claim, citations, `${turn.id}-${(serial += 1)}`, among);
  };

  const put = (place, row, key = null) => {
    const old = rows.get(place)?.node;
    if (old) old.replaceWith(row.node);
    else if (place > last) waiting.before(row.node);
    else {
      const after = [...rows.keys()].filter((other) => other > place);
      (rows.get(Math.min(...after))?.node ?? waiting).before(row.node);
    }
    last = Math.max(last, place);
    rows.set(place, row);
    if (key !== null) keys.set(row.node, key);
  };

  /** What the reader reads stays where it is, though something below it goes. */
  const held = () => {
    node.style.minHeight = `${height}px`;
  };

  const draw = () => {
    frame = 0;
    for (const [place, text] of growing) {
      if (!rows.has(place)) {
        const [made, grow] = pendingNode();
        put(place, { node: made, grow });
      }
      rows.get(place).grow?.(text);
    }
    growing.clear();
    waiting.hidden = writing ? [...rows.values()].some(({ grow }) => grow) : rows.size > 0;
    height = Math.max(height, node.offsetHeight);
  };

  // However fast the pieces come, they are drawn once a frame.
  const soon = () => {
    frame ||= requestAnimationFrame(draw);
  };

  const stop = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    growing.clear();
  };

  waits(false);
  return {
    node,
    pending: ({ place, text }) => {
      if (!writing) waits(true);
      growing.set(place, text);
      soon();
    },
    checked: ({ place, claim, citations, unsupported }) => {
      growing.delete(place);
      if (!writing && (!claim || byModel(claim))) waits(true);
      if (claim) {
        turn.coming.push(...citations);
        put(place, { node: claimed(claim, turn.coming) }, keyOf(claim, turn.coming));
      } else if (unsupported) {
        put(place, { node: struckNode(unsupported) }, keyOf(unsupported));
      } else if (rows.has(place)) {
        held();
        rows.get(place).node.remove();
        rows.delete(place);
      }
      soon();
    },
    failed: () => {
      stop();
      held();
      turn.coming = [];
      rows.clear();
      keys.clear();
      last = -1;
      among = false;
      const instead = insteadNode();
      keys.set(instead, INSTEAD);
      waits(false);
      waiting.hidden = false;
      node.replaceChildren(instead, waiting);
    },
    finish: ({ claims, citations, written }) => {
      stop();
      const failed = written && written.failure !== null;
      const wanted = failed ? [[INSTEAD, insteadNode]] : [];
      const struck = [...(written?.unsupported ?? [])];
      const strike = (until) => {
        while (struck.length && struck[0].after <= until) {
          const one = struck.shift();
          wanted.push([keyOf(one), () => struckNode(one)]);
        }
      };
      claims.forEach((claim, place) => {
        strike(place);
        wanted.push([keyOf(claim, citations), () => claimed(claim, citations)]);
      });
      strike(Infinity);
      const stand = new Set(wanted.map(([key]) => key));
      for (const row of [...node.children]) if (!stand.has(keys.get(row))) row.remove();
      // Whoever reads a claim already, or stands on its marker, is not to lose the place.
      let at = node.firstElementChild;
      for (const [key, made] of wanted) {
        if (at && keys.get(at) === key) at = at.nextElementSibling;
        else node.insertBefore(made(), at);
      }
      while (at) {
        const row = at;
        at = at.nextElementSibling;
        row.remove();
      }
      node.style.minHeight = "";
    },
    stop,
    /** Keeps of an answer that was stopped what stands checked; says whether there is any. */
    halt: () => {
      stop();
      for (const row of [...node.children]) if (!keys.has(row)) row.remove();
      node.style.minHeight = "";
      return node.querySelector(".claim") !== null;
    },
  };
};
