// The questions of a run, or those on which two differ: a list to search, each opened when asked for.
// Words of articles and questions become text nodes, never markup.

const data = JSON.parse(document.getElementById("data").textContent);
const place = document.getElementById("questions");
const normal = (text) => text.normalize("NFC").toLowerCase();

const make = (name, attributes, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  for (const child of children.flat(Infinity)) if (child !== null) element.append(child);
  return element;
};

// Foreign words don't turn the direction of what stands beside them.
const told = (text) => make("bdi", {}, text);
const part = (title, ...children) =>
  children.flat(Infinity).length ? make("div", {}, make("h4", {}, title), children) : null;
const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

const origin = (card) =>
  [card.source, card.published, card.url || card.id].filter(Boolean).map((fact, at) => [at ? " · " : "", told(fact)]);
const article = (card) => [
  make("p", { class: "headline" }, told(card.title || "Untitled article")),
  make("p", { class: "origin" }, origin(card)),
];

// Every second piece of a passage is evidence.
const marked = (pieces) => pieces.map((piece, at) => (at % 2 ? make("mark", {}, piece) : piece));

// Who a claim's words are from, where a language model wrote any of the answer.
const by = ({ status }) =>
  data.rows.some((row) => row.sides.some((one) => one.written)) ? make("span", { class: "aside" }, ` ${status}`) : null;

const claims = (side) =>
  side.claims.length
    ? side.claims.map((claim) =>
        make("p", { class: "claim", dir: "auto" }, told(claim.text), claim.markers.map((marker) => ` [${marker}]`), by(claim)),
      )
    : make("p", { class: "claim", dir: "auto" }, told(side.reason || "The articles don’t say."));

const citation = (one) =>
  make(
    "li",
    {},
    make("p", { class: "quote", dir: "auto" }, `[${one.marker}] `, told(one.quote)),
    one.faults.length ? make("p", { class: "verdict wrong" }, one.faults.join(", ")) : null,
    article(data.cards[one.article]),
  );

const passage = (one, at) =>
  make(
    "li",
    {},
    make("p", { class: "quote", dir: "auto" }, marked(one.pieces)),
    make(
      "p",
      { class: "origin" },
      `${at + 1}. `,
      one.gold ? make("span", { class: "gold" }, "accepted article ") : null,
      told(data.cards[one.article].title || one.article),
      " · ",
      origin(data.cards[one.article]),
    ),
  );

const struck = (one) =>
  make("p", { class: "claim", dir: "auto" }, make("s", {}, one.text), make("span", { class: "aside" }, " ", told(one.reasons.join("; "))));

const written = (one) => [
  part(
    "Written by the model",
    make("p", {}, `${one.counts}. Here stands ${one.stands}; it is ${one.against}.`),
    one.failure ? make("p", { dir: "auto" }, told(one.failure)) : null,
  ),
  part("Struck sentences", one.struck.map(struck)),
  one.failure
    ? null
    : part(
        one.verbatim.answered ? "Verbatim answer" : "Verbatim refusal",
        claims(one.verbatim),
        one.verbatim.citations.length ? make("ul", {}, one.verbatim.citations.map(citation)) : [],
      ),
];

const side = (row, one, at) =>
  make(
    "div",
    { class: "side" },
    data.runs.length > 1 ? make("h3", {}, told(data.runs[at]), ": ", verdict(one)) : null,
    part(one.answered ? "Answer" : "Refusal", claims(one)),
    part(
      "Verdict",
      make("p", {}, verdict(one), one.stage ? `: ${one.stage}` : "", `. Confidence ${Math.round(one.confidence * 100)}%.`),
    ),
    one.understood === row.question ? null : part("Understood as", make("p", { dir: "auto" }, told(one.understood))),
    part("Dates read in it", one.dates.map((date) => make("p", {}, told(date)))),
    part("Cited", one.citations.length ? make("ul", {}, one.citations.map(citation)) : []),
    one.written ? written(one.written) : null,
    part("Passages, best first", one.passages.length ? make("ol", {}, one.passages.map(passage)) : []),
  );

const verdict = ({ verdict }) => make("span", { class: `verdict ${verdict}` }, verdict);
const quoted = (text) => make("p", { class: "quote", dir: "auto" }, told(text));

const inside = (row) =>
  make(
    "div",
    { class: "inside" },
    part("Question", make("p", { class: "claim", dir: "auto" }, told(row.question))),
    part("Earlier in the conversation", row.history.map(([role, text]) => make("p", { dir: "auto" }, `${role}: `, told(text)))),
    row.day ? part("Asked as of", make("p", {}, row.day)) : null,
    row.answerable
      ? part(
          row.all ? "Accepted answer: all of these" : "Accepted answer: any of these",
          row.answers.map((text) => make("p", { dir: "auto" }, told(text))),
        )
      : part("Accepted answer", make("p", {}, "None: the articles don’t say.")),
    part(
      "Accepted articles",
      row.articles.map((name) => (data.cards[name] ? make("div", {}, article(data.cards[name])) : make("p", {}, told(name)))),
    ),
    part("Evidence", row.evidence.map(quoted)),
    make("div", { class: "sides" }, row.sides.map((one, at) => side(row, one, at))),
  );

const line = (row) => {
  const head = row.change
    ? make("span", { class: `verdict ${row.change === "won" ? "right" : "wrong"}` }, row.change)
    : verdict(row.sides[0]);
  const stage = row.sides.map((one) => one.stage).filter(Boolean).join(" / ");
  const summary = make(
    "summary",
    {},
    head,
    make("span", { class: "asked", dir: "auto" }, told(row.question)),
    make("span", { class: "aside" }, told([stage, row.kind].filter(Boolean).join(" · "))),
  );
  const details = make("details", {}, summary);
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(inside(row));
  });
  return make("li", {}, details);
};

const words = (row) =>
  normal(
    [
      row.id,
      row.question,
      ...row.answers,
      ...row.evidence,
      ...row.sides.flatMap((one) => [...one.claims.map((claim) => claim.text), ...one.citations.map((cited) => data.cards[cited.article].title)]),
    ].join("\n"),
  );

const entries = data.rows.map((row) => ({ row, element: line(row), words: words(row) }));

const choice = (name, values) => {
  const options = values.map((value) => make("option", { value }, value));
  const select = make("select", {}, make("option", { value: "" }, "all"), options);
  return { label: make("label", { hidden: "" }, name, select), select, values };
};
const distinct = (values) => [...new Set(values.filter(Boolean))].sort();
const search = make("input", { type: "search", autocomplete: "off" });
const verdicts = data.runs.length > 1 ? (row) => [row.change] : (row) => [row.sides[0].verdict];
const filters = [
  ["Verdict", verdicts],
  ["Stage at which it failed", (row) => row.sides.map((one) => one.stage)],
  ["Kind", (row) => [row.kind]],
  ["What stands", (row) => row.sides.map((one) => one.written?.stands)],
  ["Against verbatim", (row) => row.sides.map((one) => one.written?.against)],
].map(([name, of]) => ({ of, ...choice(name, distinct(data.rows.flatMap(of))) }));
const found = make("p", { class: "found", role: "status" });
const list = make("ol", { class: "questions" }, entries.map(({ element }) => element));

const show = () => {
  const wanted = normal(search.value).split(/\s+/).filter(Boolean);
  let count = 0;
  for (const entry of entries) {
    const fits =
      wanted.every((word) => entry.words.includes(word)) &&
      filters.every(({ select, of }) => !select.value || of(entry.row).includes(select.value));
    entry.element.hidden = !fits;
    count += fits;
  }
  found.textContent = `${count.toLocaleString("en")} of ${counted(entries.length, "question")}`;
};

for (const { label, values } of filters) label.hidden = values.length < 2;
const form = make(
  "form",
  { class: "filters", role: "search" },
  make("label", { class: "words" }, "Words in question, answer, evidence or cited title", search),
  filters.map(({ label }) => label),
);
form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
place.append(form, found, list);
show();

// The examples that tables name lead to their questions.
const entryOf = new Map(entries.map((entry) => [entry.row.id, entry]));
for (const name of document.querySelectorAll("[data-question]")) {
  const entry = entryOf.get(name.dataset.question);
  if (!entry) continue;
  const number = `question-${data.rows.indexOf(entry.row) + 1}`;
  entry.element.id = number;
  const link = make("a", { href: `#${number}` }, name.textContent);
  link.addEventListener("click", () => {
    search.value = "";
    for (const { select } of filters) select.value = "";
    show();
    entry.element.firstElementChild.open = true;
    entry.element.querySelector("summary").focus({ preventScroll: true });
  });
  name.replaceChildren(link);
}
document.body.dataset.ready = "";
