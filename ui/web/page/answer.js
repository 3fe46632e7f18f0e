// One answer: its claims with their markers, its sources, and why.

import {
  button, counted, day, direction, draw, foreign, headline, make, origin, originText, titled, units, unturned,
} from "./dom.js";
import { timeline } from "./plot.js";
import { address } from "./address.js";

/** The places of an answer's citations, or of a refusal's nearest passages, as the panel opens them. */
export const placesOf = (answer) => {
  const cited = answer.answered
    ? answer.citations.map((one) => ({ ...one, name: `[${one.marker}]`, label: `Source ${one.marker}` }))
    : answer.passages.map((one) => ({
      ...one, quote: one.text, name: `${one.rank}`, label: `Nearest passage ${one.rank} (not an answer)`,
    }));
  return cited.map(({ article, start, end, quote, name, label }) => ({
    id: article.id, revision: article.revision, start, end, quote, name, label,
  }));
};

const hrefOf = ({ article, start, end }) => address({ place: { id: article.id, revision: article.revision, start, end } });

// Characters: what is longer is no sentence, and nothing that isn't supported is to take the page.
const LONGEST_UNSUPPORTED = 500;

/** What a language model wrote, or is the cause of, to be shown. */
const shown = (text) => {
  const words = unturned(text);
  return words.length > LONGEST_UNSUPPORTED ? `${words.slice(0, LONGEST_UNSUPPORTED)}…` : words;
};

/** Whether a language model wrote a claim, and the words cited support it. */
export const byModel = ({ status }) => status === "supported" || status === "corrected";

const CHECKED = "Checked against the words cited";

const tick = () => draw(
  "svg", { viewBox: "0 0 16 16", class: "tick", "aria-hidden": "true" }, draw("path", { d: "M2.5 8.5 6.5 12.5 13.5 3.5" }),
);

/** What is said of a claim beside its words: that it was checked, or `among` such that it is the article's own. */
const checkNode = ({ status }, among) => {
  if (status === "supported") return make("span", { class: "check", role: "img", title: CHECKED, "aria-label": CHECKED }, tick());
  if (status === "corrected") {
    return make("span", { class: "check", title: `${CHECKED}, which is not what it gave: its marker was put right` }, tick(), "marker corrected");
  }
  return among ? make("span", { class: "check", title: "The article's own words" }, "word for word") : null;
};

/** A sentence that is still being written, and a function that shows how far it has come. */
export const pendingNode = () => {
  const words = foreign("");
  const node = make("p", { class: "pending", "aria-live": "off" }, words, " ", make("span", { class: "check" }, "not checked yet"));
  return [node, (text) => {
    words.textContent = shown(text);
    node.dir = direction(text);
  }];
};

/** A sentence that nothing supports, which is no part of the answer. */
export const struckNode = ({ text, reasons }) => make(
  "div",
  { class: "struck", dir: direction(text), "aria-live": "off" },
  make("span", { class: "spoken" }, "Struck out: "),
  make("s", {}, foreign(shown(text))),
  make(
    "details",
    { dir: "ltr" },
    make("summary", {}, "Not supported"),
    make("ul", {}, reasons.map((reason) => make("li", {}, foreign(shown(reason))))),
  ),
);

/** What stands above the articles' own words where a language model's answer can't stand. */
export const insteadNode = () =>
  make("p", { class: "note" }, "These are the articles' own words: the language model's answer can't stand.");

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/** The line that says who wrote an answer and what became of it, with what it cost folded away. */
export const writtenNode = ({ model, prompt, sentences, supported, corrected, struck, unsupported, failure, tokens, took_ms, first_ms }) => {
  const rest = unsupported.length ? "struck out" : failure !== null ? "not supported" : "dropped";
  const fates = [[supported, "supported"], [corrected, "corrected"], [struck, rest]]
    .filter(([count]) => count).map(([count, fate]) => `${count.toLocaleString("en")} ${fate}`).join(", ");
  const became = `${counted(sentences, "sentence")}${fates ? `: ${fates}` : ""}`;
  const given = `${counted(tokens.prompt, "token")} read, ${tokens.completion.toLocaleString("en")} written`;
  return make(
    "details",
    { class: "written" },
    failure === null
      ? make("summary", {}, "Written by ", foreign(shown(model)), `; ${became}`)
      : make("summary", {}, "Not written by ", foreign(shown(model)), ": ", foreign(shown(failure))),
    make(
      "ul",
      {},
      failure === null
        ? make("li", {}, "A tick stands by each sentence that the words cited were found to support; “marker corrected” where they are other words than it gave.")
        : make("li", {}, `It wrote ${became}.`),
      make("li", {}, `${given}, as ${tokens.reported ? "its endpoint says" : "counted here"}.`),
      make("li", {}, `${seconds(took_ms)}${first_ms === null ? "" : `, ${seconds(first_ms)} to the first sentence that stood`}.`),
      make("li", {}, "Prompt ", foreign(shown(prompt)), "."),
    ),
  );
};

/** A claim as a paragraph; `id` begins the ids of its markers. `among` is whether a language model wrote others. */
export const claimNode = (claim, citations, id, among) => {
  const words = byModel(claim) ? unturned(claim.text) : claim.text;
  const flat = units(words, claim.emphasis.flat());
  const text = [];
  let done = 0;
  for (let at = 0; at < flat.length; at += 2) {
    text.push(words.slice(done, flat[at]), make("strong", {}, words.slice(flat[at], flat[at + 1])));
    done = flat[at + 1];
  }
  text.push(words.slice(done));
  const markers = claim.citations.map((number) => {
    const citation = citations.find((one) => one.marker === number);
    const { article } = citation;
    return make("a", {
      class: "cite",
      href: hrefOf(citation),
      role: "doc-noteref",
      id: `${id}-${number}`,
      "data-number": number,
      "aria-label": `[${number}] ${titled(article)}${article.source ? `, ${article.source}` : ""}`,
    }, `[${number}]`);
  });
  return make(
    "p",
    { class: "claim", dir: direction(words) },
    claim.label ? [make("span", { class: "origin" }, claim.label), " "] : null,
    make("bdi", {}, text),
    markers,
    checkNode(claim, among),
    claim.note ? [" ", make("span", { class: "origin" }, claim.note)] : null,
  );
};

// What has a number is opened by the conversation that it stands in.
const numbered = (place, number) => make(
  "a",
  { class: "headline", href: hrefOf(place), "data-number": number },
  foreign(titled(place.article)),
);

export const understoodNodes = (answer) => {
  const told = answer.understood === answer.question ? [] : [answer.understood];
  return [...told, ...answer.dates].map((one) =>
    make("p", { class: "understood", dir: "auto" }, "Understood as: ", foreign(one)));
};

export const sourcesNode = (answer) => {
  const by = new Map();
  for (const citation of answer.citations) {
    by.set(citation.article.id, [...(by.get(citation.article.id) || []), citation]);
  }
  return make("ul", { class: "sources", "aria-label": "Sources" }, [...by.values()].map((cited) => make(
    "li",
    {},
    make("span", { class: "number" }, cited.map((one) => one.marker).join(", ")),
    numbered(cited[0], cited[0].marker),
    make("span", { class: "origin" }, origin(cited[0].article)),
  )));
};

export const refusalNodes = (answer) => [
  make("p", { class: "refusal", dir: "auto" }, answer.reason || "The articles don't say."),
  answer.passages.length
    ? make(
      "div",
      { class: "nearest" },
      make("p", { class: "label" }, make("strong", {}, "Nearest passages"),
        " These are not an answer: they are the closest that the articles come."),
      make("ul", {}, answer.passages.map((passage) => make(
        "li",
        {},
        numbered(passage, passage.rank),
        make("span", { class: "origin" }, origin(passage.article)),
        make("q", { dir: "auto" }, passage.text),
      ))),
    )
    : null,
].filter(Boolean);

export const limitsInWords = (limits) => {
  const told = [];
  if (limits.as_of) told.push(`As known on ${day(limits.as_of)}: later articles were left out.`);
  if (limits.published_from || limits.published_to) {
    const from = limits.published_from ? ` from ${day(limits.published_from)}` : "";
    const to = limits.published_to ? ` to ${day(limits.published_to)}` : "";
    told.push(`Only articles published${from}${to}.`);
  }
  if (limits.sources.length) told.push(`Only from ${limits.sources.join(", ")}.`);
  if (limits.languages.length) told.push(`Only in ${limits.languages.join(", ")}.`);
  return told;
};

const percent = (chance) => (chance > 0.99 ? "above 99%" : chance < 0.01 ? "below 1%" : `${Math.round(chance * 100)}%`);

export const confidenceOf = (answer) => (answer.answered
  ? `${answer.sureness} (${percent(answer.confidence)})`
  : `${answer.sureness} (${percent(answer.confidence)} that they do)`);

/**
 * The fold under an answer. `asked(text)` asks again with the question corrected, and
 * `opened(passage, link)` opens a passage that was considered.
 */
export const whyNode = (turn, { asked, opened }) => {
  const { answer, limits } = turn;
  const fold = make("details", { class: "why" }, make("summary", {}, "Why ", make("span", { class: "origin" }, confidenceOf(answer))));
  fold.addEventListener("toggle", () => {
    if (fold.open && fold.childElementCount === 1) fold.append(whyInside(turn, answer, limits, asked, opened));
  });
  return fold;
};

/** What else the chance says of an answer. */
const meaning = ({ answered, written }) => {
  if (written && written.failure === null) return ", not that the language model's words are right";
  return answered ? " and that this is it" : "";
};

const whyInside = (turn, answer, limits, asked, opened) => {
  const within = (passage) => answer.citations.some((one) =>
    one.article.id === passage.article.id && one.start >= passage.start && one.end <= passage.end);
  const points = answer.citations.map((one) => ({ day: one.article.published, cited: true }));
  for (const passage of answer.passages) {
    // A passage whose own sentence was cited is there already.
    if (!within(passage)) points.push({ day: passage.article.published, cited: false });
  }
  const field = make("input", {
    type: "text", id: `why-${turn.id}`, value: answer.understood, maxlength: 2000, dir: "auto", autocomplete: "off",
  });
  const again = make(
    "form",
    {
      class: "again",
      on: {
        submit: (event) => {
          event.preventDefault();
          if (field.value.trim()) asked(field.value.trim());
        },
      },
    },
    make("label", { for: field.id }, "Understood as"),
    field,
    make("button", { type: "submit", class: "quiet" }, "Ask again"),
  );
  const told = limitsInWords(limits);
  const drawing = timeline(points);
  return make(
    "div",
    { class: "why-inside" },
    make("h3", {}, "Confidence"),
    make("p", {}, `${confidenceOf(answer)}. This is the chance, measured on questions with known answers, that the articles answer the question${meaning(answer)}.`),
    make("h3", {}, "The question"),
    again,
    answer.dates.length ? make("p", {}, `Read ${answer.dates.join("; ")}.`) : null,
    make("h3", {}, "Limits in force"),
    told.length ? make("ul", { class: "plain" }, told.map((one) => make("li", {}, foreign(one)))) : make("p", {}, "None."),
    drawing ? [make("h3", {}, "Sources by date"), drawing,
      make("p", { class: "key" }, "Filled: cited. Open: considered.")] : null,
    make("h3", {}, "Passages considered"),
    answer.passages.length
      ? make("ol", { class: "considered-list" }, answer.passages.map((passage) => make(
        "li",
        {},
        headline(passage.article, hrefOf(passage), (link) => opened(passage, link), { class: "headline passage" }),
        make("span", { class: "origin" }, origin(passage.article), within(passage) ? " · cited" : null),
        make("q", { dir: "auto" }, passage.text),
      )))
      : make("p", {}, "None passed."),
  );
};

/** The answer with its references, as text to be pasted. */
export const inText = (turn) => {
  const { answer } = turn;
  const lines = [turn.question, "", answer.answer];
  if (answer.citations.length) lines.push("");
  for (const one of answer.citations) {
    const at = [titled(one.article), originText(one.article), `paragraph ${one.paragraph}`].filter(Boolean).join(", ");
    lines.push(`[${one.marker}] “${one.quote}” ${at}. ${one.link ?? one.article.id}`);
  }
  lines.push("", ...limitsInWords(turn.limits), `${confidenceOf(answer)}.`);
  if (answer.written?.failure === null) lines.push(`Written by ${answer.written.model}, each sentence checked against the words cited.`);
  return lines.join("\n");
};

const feedbackKinds = (answered) => (answered
  ? [["wrong", "It is wrong"], ["outdated", "It is out of date"], ["off the point", "It misses the point"],
    ["should have refused", "The articles don't say this"]]
  : [["should have answered", "The articles do say it"], ["wrong", "The reason is wrong"]]);

export const feedbackForm = (answered, sent, left) => {
  const kinds = make("select", { "aria-label": "What is wrong" },
    feedbackKinds(answered).map(([value, text]) => make("option", { value }, text)));
  const reason = make("textarea", { rows: 2, maxlength: 2000, "aria-label": "Reason", placeholder: "What would be right? (optional)", dir: "auto" });
  return make(
    "form",
    {
      class: "feedback",
      on: {
        submit: (event) => {
          event.preventDefault();
          sent(kinds.value, reason.value.trim());
        },
      },
    },
    kinds,
    reason,
    make("div", { class: "row" }, make("button", { type: "submit", class: "quiet" }, "Send"), button("Cancel", { class: "quiet" }, left)),
  );
};
