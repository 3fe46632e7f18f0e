// The page: its parts, its address, and what goes between them.

import { address, alike, read, unlimited } from "./address.js";
import { chat } from "./chat.js";
import { collection, emptyNode } from "./collection.js";
import { button, elsewhere, extent, foreign, make, narrow } from "./dom.js";
import * as keep from "./keep.js";
import { controls } from "./limits.js";
import { get, Problem } from "./net.js";
import { shelf } from "./shelf.js";
import { panel } from "./source.js";

const POLL = 700;

/** The question as it stands by itself, so that a link to it needs no conversation. */
const meant = (turn) => turn?.answer?.understood ?? turn?.question ?? "";

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export const start = (root) => {
  const part = Object.fromEntries([...root.querySelectorAll("[data-part]")].map((node) => [node.dataset.part, node]));
  // `asked` is the limits that the question was asked with: with others it is another question.
  const state = { view: "chat", question: "", asked: unlimited(), limits: unlimited(), place: null };
  let facts = null;

  const say = (text) => {
    // Said again where it is the same as before.
    part.spoken.textContent = "";
    requestAnimationFrame(() => {
      part.spoken.textContent = text;
    });
  };

  /** Which question the address is of. */
  const about = (turn) => {
    state.question = meant(turn);
    state.asked = turn?.limits ?? unlimited();
  };

  /** Writes the address; `push` makes it a step of its own for Back. */
  const write = (push) => {
    const kept = {
      conversation: talk.conversation.id,
      turn: talk.conversation.turns.findLast((turn) => meant(turn) === state.question && alike(turn.limits, state.asked))?.id ?? null,
      mark: state.place?.turn ? { turn: state.place.turn, number: state.place.number } : null,
    };
    const to = address({ ...state, question: alike(state.asked, state.limits) ? state.question : "" });
    if (push && to !== `${location.pathname}${location.search}`) history.pushState(kept, "", to);
    else history.replaceState(kept, "", to);
  };

  const source = panel(part.source, {
    say,
    moved: (place) => {
      const before = state.place;
      state.place = place;
      const turn = place?.turn && talk.conversation.turns.find((one) => one.id === place.turn);
      if (turn) about(turn);
      talk.point(place);
      cover();
      if (!moving) write((place === null) !== (before === null));
    },
  });
  let moving = false;

  /** On a narrow screen the article covers the rest, which is then out of reach. */
  const cover = () => {
    const covered = narrow.matches && source.place !== null;
    for (const node of root.querySelectorAll(".masthead, .chat, .collection, .shelf")) node.inert = covered;
  };
  narrow.addEventListener("change", cover);

  /** Closes the article on the way to something else, which makes the step for Back. */
  const away = () => {
    moving = true;
    source.leave();
    moving = false;
  };

  const limits = controls(part.limits, (next) => {
    state.limits = next;
    write(false);
  });

  const talk = chat(part, {
    opened: (place, from) => source.open(place, from),
    expected: (place) => source.expect(place),
    limits: () => limits.limits,
    relimit: (next) => {
      limits.set(next);
      state.limits = next;
      write(false);
    },
    changed: (turn, fresh) => {
      about(turn);
      write(fresh);
      if (!part.shelf.hidden) list.show();
    },
    say,
  });

  const around = collection(part.collection, {
    opened: (place, from) => source.open(place, from),
    grown: () => learn(),
    say,
  });

  const view = (name) => {
    // Shown again it would lose the reader's place.
    const shown = name === state.view && !part[name].hidden;
    state.view = name;
    part.chat.hidden = name !== "chat";
    part.collection.hidden = name !== "collection";
    for (const link of root.querySelectorAll("a.view")) {
      if (link.dataset.view === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (name === "collection" && !shown) around.show();
  };

  for (const link of root.querySelectorAll("a.view")) {
    link.addEventListener("click", (event) => {
      if (elsewhere(event)) return;
      event.preventDefault();
      if (state.view === link.dataset.view) return;
      if (narrow.matches) away();
      unfold(false);
      view(link.dataset.view);
      write(true);
    });
  }

  // Conversations

  const unfold = (open) => {
    part.shelf.hidden = !open;
    part["shelf-button"].setAttribute("aria-expanded", String(open));
    if (open) list.show();
  };

  const list = shelf(part.shelf, {
    opened: (conversation) => {
      // Shown again it would lose the answer that is under way.
      if (conversation.id !== talk.conversation.id) talk.show(keep.load(conversation.id));
      about(talk.conversation.turns.at(-1));
      unfold(false);
      away();
      view("chat");
      write(true);
      part.log.focus({ preventScroll: true });
    },
    closed: () => {
      unfold(false);
      part["shelf-button"].focus();
    },
    current: () => talk.conversation.id,
    removed: (id) => {
      talk.forget(id);
      if (id === talk.conversation.id) renew();
    },
    renamed: (conversation) => {
      if (conversation.id === talk.conversation.id) talk.conversation.title = conversation.title;
    },
    say,
  });

  part["shelf-button"].addEventListener("click", () => {
    unfold(part.shelf.hidden);
    if (!part.shelf.hidden) part.shelf.querySelector("h2").focus();
  });
  part.shelf.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    unfold(false);
    part["shelf-button"].focus();
  });
  document.addEventListener("pointerdown", (event) => {
    const inside = part.shelf.contains(event.target) || part["shelf-button"].contains(event.target);
    if (!part.shelf.hidden && !inside) unfold(false);
  });

  const renew = () => {
    talk.show(null);
    about(null);
    write(true);
  };

  part.new.addEventListener("click", () => {
    unfold(false);
    away();
    view("chat");
    renew();
    box.focus();
  });

  // What is there

  const examples = () => make(
    "div",
    { class: "welcome" },
    make("h2", {}, "Ask about your articles"),
    make("p", {}, facts?.writer
      ? "Every sentence of an answer is checked against the articles. Its number opens the article at the words that carry it."
      : "Every sentence of an answer is copied word for word from an article. Its number opens the article at those words."),
    facts?.writer ? make("p", { class: "origin" }, "Answers are written by ", foreign(facts.writer), " and checked.") : null,
    facts ? make("p", { class: "origin" }, `${extent(facts)}.`) : null,
    facts && !facts.ready ? make("p", { class: "loading", role: "status" }, "Loading the model: the first answer waits for it.") : null,
    make("div", { class: "examples" }, (facts?.examples ?? []).map((example) =>
      button(example, { class: "example", dir: "auto" }, () => talk.ask(example)))),
  );

  let learning = null;
  let welcomed = "";

  /** Asks what is there until the model has been loaded; once at a time. */
  const learn = () => {
    learning ??= known().finally(() => {
      learning = null;
    });
    return learning;
  };

  const known = async () => {
    let problem = "";
    let patience = 8;
    for (;;) {
      try {
        facts = await get("collection");
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        problem = error.message;
        part.notice.textContent = problem;
        await sleep(5 * POLL);
        continue;
      }
      if (part.notice.textContent === problem) part.notice.textContent = "";
      limits.offer(facts);
      // Drawn again only where something is new: the focus may be on an example.
      const told = JSON.stringify(facts);
      if (told !== welcomed) talk.welcome([() => (facts.articles ? examples() : emptyNode(facts.may_add))]);
      welcomed = told;
      // Examples are drawn once the articles are there, which takes a moment more.
      const waiting = facts.articles && !facts.examples.length;
      if (facts.ready && !(waiting && (patience -= 1))) return;
      await sleep(POLL);
    }
  };

  // Articles may have come while the reader was elsewhere.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) learn();
  });
  window.addEventListener("focus", () => learn());

  // A file that is dropped beside the box for it would take the page's place.
  for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());

  // The address

  const box = root.querySelector("#byline-question");

  const follow = (wanted, kept) => {
    moving = true;
    try {
      state.limits = wanted.limits;
      limits.set(wanted.limits);
      state.question = wanted.question;
      state.asked = wanted.limits;
      if (kept?.conversation && kept.conversation !== talk.conversation.id) {
        // One that was never asked anything was never kept either: then it is a new one, as for one deleted since.
        talk.show(keep.load(kept.conversation));
      }
      view(wanted.view);
      if (kept?.turn) talk.scrollTo(kept.turn);
      if (!wanted.place) source.leave();
      else if (!(kept?.mark && talk.open(kept.mark.turn, kept.mark.number))) source.open({ ...wanted.place, label: "Article", step: null }, box);
    } finally {
      moving = false;
    }
  };

  window.addEventListener("popstate", (event) => follow(read(), event.state));

  const begin = () => {
    const wanted = read();
    const held = keep.load(keep.current.get() ?? "");
    const last = held?.turns.at(-1);
    // A reload goes on; a link that was followed asks its question.
    const same = last && (!wanted.question || held.turns.some((turn) => meant(turn) === wanted.question && alike(turn.limits, wanted.limits)));
    if (same) talk.show(held);
    follow(wanted, history.state);
    write(false);
    learn();
    if (wanted.question && !same) talk.ask(wanted.question);
    if (wanted.view === "chat" && !wanted.place && !narrow.matches) box.focus();
  };
  begin();
  root.querySelector(".app").setAttribute("data-ready", "");
};
