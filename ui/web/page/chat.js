// The conversation: asking, streaming, stopping, and what can be done with an answer.

import {
  feedbackForm, inText, limitsInWords, placesOf, refusalNodes, sourcesNode, understoodNodes, whyNode, writtenNode,
} from "./answer.js";
import { button, copy, draw as drawing, elsewhere, foreign, make, still } from "./dom.js";
import * as keep from "./keep.js";
import { lines, post, Problem } from "./net.js";
import { previews } from "./preview.js";
import { telling } from "./telling.js";

const REMEMBERED = 8;
const LONGEST_QUESTION = 2_000;
const LONGEST_ANSWER = 40_000;
const LONGEST_NAME = 2_000;
const STOPPED = "Stopped.";
const BUSY = "One answer at a time: wait for the one under way, or stop it.";
const FULL = "The browser has no more room for conversations: this one is not kept. Export or delete some.";

const thumb = (verdict) => drawing(
  "svg",
  { viewBox: "0 0 24 24", class: `thumb ${verdict}`, "aria-hidden": "true" },
  drawing("path", { d: "M2 10h3.5v11H2zM8 21V10l4.2-8C13.7 2 15 3.2 15 4.8V9h5a2 2 0 0 1 2 2.3l-1.4 8a2 2 0 0 1-2 1.7z" }),
);

/** What a follow-up may lean on, of the turns before it, as far as the server takes it. */
const historyOf = (turns) => turns.filter((turn) => turn.answer).slice(-REMEMBERED).map(({ answer }) => ({
  question: answer.understood,
  answer: answer.claims.map((claim) => claim.text).join(" ").slice(0, LONGEST_ANSWER),
  articles: [...new Set(answer.citations.map((one) => one.article.id))].filter((id) => id.length <= LONGEST_NAME),
}));

/**
 * The chat in `parts`. `opened(place, from)` opens an article, `expected(place)` reads it
 * ahead, `limits()` gives those in force and `relimit(limits)` sets them, `changed(turn, fresh)`
 * is told of each question as it is asked (`fresh`) and when it has been answered, `say` announces.
 */
export const chat = (parts, { opened, expected, limits, relimit, changed, say }) => {
  const { log, notice, composer } = parts;
  const box = composer.querySelector("textarea");
  const submit = composer.querySelector("button");
  let conversation = keep.fresh();
  let welcome = [];
  let asking = null;
  const gone = new Set();

  const tell = (message) => {
    notice.textContent = message;
  };

  const grow = () => {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
  };

  const store = (of) => {
    // What was deleted meanwhile stays deleted.
    if (gone.has(of.id)) return;
    const grown = keep.merge(of);
    of.changed = new Date().toISOString();
    if (!keep.save(of)) tell(FULL);
    if (of !== conversation) return;
    keep.current.set(of.id);
    if (grown) draw();
  };

  const turnOf = (node) => {
    const id = node.closest(".turn")?.dataset.turn;
    return conversation.turns.find((turn) => turn.id === id);
  };

  const citedBy = (link) => {
    const turn = turnOf(link);
    const number = Number(link.dataset.number);
    if (!turn?.answer) return turn?.coming?.find((one) => one.marker === number) ?? null;
    return turn.answer.answered
      ? turn.answer.citations.find((one) => one.marker === number) ?? null
      : turn.answer.passages.find((one) => one.rank === number) ?? null;
  };

  const markersOf = (turnId, number) =>
    log.querySelectorAll(`[data-turn="${CSS.escape(turnId)}"] a.cite[data-number="${CSS.escape(number)}"]`);

  const open = (turn, number, from) => {
    const answer = turn.answer ?? { answered: true, citations: turn.coming ?? [], passages: [] };
    const places = placesOf(answer);
    const at = (answer.answered ? answer.citations : answer.passages)
      .findIndex((one) => (one.marker ?? one.rank) === number);
    if (at < 0) return;
    const back = (place) => markersOf(turn.id, answer.citations[place]?.marker)[0] ?? from;
    const go = (place) => open(turn, answer.answered ? answer.citations[place].marker : answer.passages[place].rank, back(place));
    const kin = places.map((one, place) => ({ ...one, open: () => go(place) })).filter((_, place) => place !== at);
    const step = places.length > 1 ? (by) => go((at + by + places.length) % places.length) : null;
    const of = answer.answered && places.length > 1 ? ` of ${places.length}` : "";
    opened({ ...places[at], label: `${places[at].label}${of}`, kin, step, turn: turn.id, number }, from);
  };

  const point = (place) => {
    for (const old of log.querySelectorAll("a[aria-current]")) old.removeAttribute("aria-current");
    if (place?.turn) for (const link of markersOf(place.turn, place.number)) link.setAttribute("aria-current", "true");
  };

  // Showing

  const actions = (turn, body) => {
    const of = conversation;
    const done = make("span", { class: "done" });
    const told = (text) => {
      done.textContent = text;
      say(text);
    };
    const rate = async (verdict, kind, reason) => {
      const { question, answer } = turn;
      try {
        await post("feedback", { verdict, kind, reason, question, limits: turn.limits, answer, answer_id: turn.id });
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        told(`Not kept: ${error.message}`);
        return;
      }
      turn.verdict = verdict;
      store(of);
      show();
      told("Thank you: kept on this server for measuring.");
    };
    const [up, down] = [["up", "Good answer"], ["down", "Bad answer"]].map(([verdict, name]) => button(
      thumb(verdict),
      { class: "quiet small", "aria-label": name, title: name, "data-verdict": verdict },
      () => (verdict === "up" ? rate("up", "", "") : ask_why()),
    ));
    const show = () => {
      up.setAttribute("aria-pressed", String(turn.verdict === "up"));
      down.setAttribute("aria-pressed", String(turn.verdict === "down"));
    };
    const ask_why = () => {
      body.querySelector(".feedback")?.remove();
      const left = () => {
        form.remove();
        down.focus();
      };
      const form = feedbackForm(turn.answer.answered, (kind, reason) => {
        left();
        rate("down", kind, reason);
      }, left);
      bar.after(form);
      form.querySelector("select").focus();
    };
    show();
    const bar = make(
      "div",
      { class: "actions" },
      turn.answer ? button("Copy", { class: "quiet small" }, async () => {
        try {
          await copy(inText(turn));
          told("Copied with its references");
        } catch {
          told("Not copied: the browser did not allow it");
        }
      }) : null,
      button("Retry", { class: "quiet small", title: "Ask the same again" }, () => {
        relimit(turn.limits);
        run(turn);
      }),
      button("Edit", { class: "quiet small", title: "Change the question and ask anew" }, () => {
        box.value = turn.question;
        relimit(turn.limits);
        grow();
        box.focus();
      }),
      turn.answer ? [up, down] : null,
      done,
    );
    return bar;
  };

  const finish = (turn, body, sentences) => {
    const { answer } = turn;
    if (!answer) {
      const parted = turn.problem === STOPPED && sentences?.halt();
      const told = parted ? "Stopped: not a whole answer." : turn.problem || STOPPED;
      if (!parted) body.replaceChildren();
      body.append(make("p", { class: "stopped" }, told), actions(turn, body));
      return;
    }
    if (!body.contains(sentences.node)) body.append(...understoodNodes(answer), sentences.node);
    sentences.finish(answer);
    body.append(...(answer.answered ? [sourcesNode(answer)] : refusalNodes(answer)));
    if (answer.written) body.append(writtenNode(answer.written));
    for (const one of limitsInWords(turn.limits)) body.append(make("p", { class: "note" }, foreign(one)));
    body.append(
      whyNode(turn, {
        asked: (text) => {
          relimit(turn.limits);
          ask(turn.question, { as_understood: text });
        },
        opened: (passage, from) => opened({
          id: passage.article.id, revision: passage.article.revision, start: passage.start, end: passage.end,
          quote: passage.text, label: `Passage ${passage.rank} considered`, kin: placesOf(answer), step: null,
        }, from),
      }),
      actions(turn, body),
    );
  };

  const turnNode = (turn) => {
    const body = make("div", { class: "answer" });
    const node = make(
      "section",
      { class: "turn", "data-turn": turn.id, "aria-label": "Question and answer", tabindex: "-1" },
      make("p", { class: "question", dir: "auto" }, turn.question),
      body,
    );
    return [node, body];
  };

  const draw = () => {
    log.replaceChildren();
    tell("");
    if (!conversation.turns.length) {
      log.append(...welcome.map((node) => (typeof node === "function" ? node() : node)));
      return;
    }
    for (const turn of conversation.turns) {
      const [node, body] = turnNode(turn);
      log.append(node);
      try {
        finish(turn, body, telling(turn));
      } catch {
        // Kept by another version, or changed by hand: the rest can still be read.
        Object.assign(turn, { answer: null, problem: "This answer was kept in a form that can't be shown. Ask again." });
        finish(turn, body);
      }
    }
  };

  /** The question stays in sight and its answer grows below it, until the reader scrolls. */
  const pin = (node) => {
    // Rounded up, it would hide the edge of the question.
    const top = Math.floor(log.scrollTop + node.getBoundingClientRect().top - log.getBoundingClientRect().top);
    log.scrollTo({ top, behavior: still.matches ? "auto" : "smooth" });
  };

  // Asking

  const busy = (now) => {
    submit.textContent = now ? "Stop" : "Ask";
    composer.toggleAttribute("data-asking", now);
    log.setAttribute("aria-busy", String(now));
  };

  const run = async (turn) => {
    if (asking) {
      tell(BUSY);
      return;
    }
    // The reader may turn to another conversation meanwhile.
    const of = conversation;
    const mine = new AbortController();
    asking = mine;
    busy(true);
    tell("");
    // Kept before it is answered: a reload may come first.
    Object.assign(turn, { answer: null, problem: null, verdict: null });
    store(of);
    const old = log.querySelector(`[data-turn="${CSS.escape(turn.id)}"]`);
    const focused = log.contains(document.activeElement) && document.activeElement !== log;
    const [node, body] = turnNode(turn);
    if (old) old.replaceWith(node);
    else {
      if (of.turns.length === 1) log.replaceChildren();
      log.append(node);
    }
    // What had the focus is gone.
    if (focused && !log.contains(document.activeElement)) node.focus({ preventScroll: true });
    const sentences = telling(turn);
    body.append(sentences.node);
    pin(node);
    changed(turn, true);
    // What is cited while the answer comes is read on this page alone: it isn't kept.
    Object.defineProperty(turn, "coming", { value: [], writable: true, configurable: true });
    const before = of.turns.slice(0, of.turns.indexOf(turn));
    const asked = { question: turn.question, ...turn.limits, history: historyOf(before), stream: true };
    if (turn.as_understood) asked.as_understood = turn.as_understood;
    for (const name of ["sources", "languages"]) if (!asked[name].length) asked[name] = null;
    try {
      for await (const step of lines("ask", asked, mine.signal)) {
        if (step.pending) sentences.pending(step.pending);
        else if ("place" in step) sentences.checked(step);
        else if ("failed" in step) {
          // What had the focus goes.
          if (sentences.node.contains(document.activeElement)) node.focus({ preventScroll: true });
          sentences.failed();
        } else if (step.answer) turn.answer = step.answer;
        else if (step.understood) body.prepend(...understoodNodes({ question: turn.question, ...step }));
      }
      if (!turn.answer) turn.problem = "The answer broke off. Retry.";
    } catch (error) {
      if (error.name !== "AbortError" && !(error instanceof Problem)) throw error;
      turn.problem = error instanceof Problem ? error.message : STOPPED;
    } finally {
      if (asking === mine) {
        asking = null;
        busy(false);
      }
    }
    sentences.stop();
    finish(turn, body, sentences);
    store(of);
    if (of === conversation) changed(turn, false);
  };

  /** Asks; says whether the question could be taken. */
  const ask = (question, { as_understood = null } = {}) => {
    const text = question.trim();
    if (asking) {
      tell(BUSY);
      return false;
    }
    if (!text || text.length > LONGEST_QUESTION) {
      tell(text
        ? `That question has ${text.length.toLocaleString("en")} characters: shorten it to ${LONGEST_QUESTION.toLocaleString("en")}.`
        : "Type a question first.");
      box.focus();
      return false;
    }
    if (!conversation.turns.length) {
      conversation.title ||= text.replace(/\s+/g, " ").slice(0, 80);
    }
    const turn = {
      id: `t${crypto.getRandomValues(new Uint32Array(2)).join("-")}`,
      asked: new Date().toISOString(), question: text, as_understood, limits: structuredClone(limits()), answer: null,
    };
    conversation.turns.push(turn);
    run(turn);
    return true;
  };

  // Or what the reader broke off by leaving would be kept as a fault of the server.
  window.addEventListener("beforeunload", () => asking?.abort());
  composer.addEventListener("submit", (event) => {
    event.preventDefault();
    if (asking) {
      asking.abort();
      return;
    }
    if (ask(box.value)) {
      box.value = "";
      grow();
    }
  });
  box.addEventListener("input", grow);
  box.addEventListener("keydown", (event) => {
    // Enter also ends the writing of a word in some scripts.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!asking) composer.requestSubmit();
  });
  log.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[data-number]") : null;
    if (!link || elsewhere(event)) return;
    event.preventDefault();
    preview.hide();
    const turn = turnOf(link);
    if (turn) open(turn, Number(link.dataset.number), link);
  });
  const preview = previews(log, citedBy, ({ article, start, end }) => {
    expected({ id: article.id, revision: article.revision, start, end });
  });

  return {
    ask,
    point,
    get conversation() {
      return conversation;
    },
    /** Shows another conversation, or a new one. */
    show: (next) => {
      asking?.abort();
      asking = null;
      busy(false);
      conversation = next ?? keep.fresh();
      keep.current.set(conversation.id);
      draw();
      log.scrollTop = log.scrollHeight;
    },
    /** Keeps nothing more of a conversation that was deleted. */
    forget: (id) => gone.add(id),
    /** What stands where nothing was asked yet: functions that give nodes. */
    welcome: (nodes) => {
      welcome = nodes;
      if (!conversation.turns.length && !asking) draw();
    },
    /** Opens what a marker of a turn cites; says whether there is such a turn. */
    open: (turnId, number) => {
      const turn = conversation.turns.find((one) => one.id === turnId);
      if (turn?.answer) open(turn, number, markersOf(turnId, number)[0] ?? null);
      return Boolean(turn?.answer);
    },
    scrollTo: (turnId) => {
      const node = log.querySelector(`[data-turn="${CSS.escape(turnId)}"]`);
      if (node) pin(node);
    },
  };
};
