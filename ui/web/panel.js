// The source panel: a click on a marker asks the server for its article, and what comes
// back is data. Only text nodes are made of it; nothing here may read it as HTML.

const narrow = window.matchMedia("(max-width: 800px)");
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
const chat = document.getElementById("byline-chat");
let marker = null;

const make = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
};

const spoken = make("p", "spoken");
spoken.setAttribute("role", "status");
const bar = make("div", "bar");
const label = make("p", "label");
const close = make("button", "close", "Back to the chat");
close.type = "button";
bar.append(label, close);
const page = make("div", "page");
page.tabIndex = 0;
page.setAttribute("role", "region");
page.setAttribute("aria-label", "Article text");
element.setAttribute("role", "complementary");
element.setAttribute("aria-label", "Source");
element.replaceChildren(spoken, bar, page);

const markerOf = (id) => chat.querySelector(`a[href="#cite-${CSS.escape(id)}"]`);

const point = () => {
  for (const old of chat.querySelectorAll("a[aria-current]")) old.removeAttribute("aria-current");
  const now = marker && (marker.isConnected ? marker : markerOf(marker.hash.slice(6)));
  if (now) now.setAttribute("aria-current", "true");
  return now;
};

const leave = () => {
  // On a narrow screen the panel covers the chat; on a wide one it may stay.
  if (narrow.matches) element.removeAttribute("data-open");
  const back = point();
  if (back) back.focus({ preventScroll: narrow.matches });
};

const reveal = () => {
  element.setAttribute("data-open", "");
  point();
  const mark = page.querySelector("mark");
  const heading = page.querySelector("h2, .problem");
  if (heading) heading.focus({ preventScroll: true });
  if (!mark) { page.scrollTop = 0; return; }
  const place = mark.getBoundingClientRect().top - page.getBoundingClientRect().top + page.scrollTop;
  const room = Math.max(page.clientHeight - mark.offsetHeight, 0);
  page.scrollTo({ top: place - room / 3, behavior: still.matches ? "auto" : "smooth" });
};

const empty = () => {
  label.textContent = "Source";
  spoken.textContent = "";
  page.replaceChildren(make("p", "hint", "Choose a number in an answer to read the article here."));
  element.removeAttribute("data-open");
  marker = null;
};

const render = () => {
  const data = props.value;
  if (!data) { empty(); return; }
  label.textContent = data.label;
  page.replaceChildren();
  page.scrollTop = 0;
  if (data.problem) {
    const problem = make("p", "problem", data.problem);
    problem.tabIndex = -1;
    page.append(problem);
  } else {
    const title = make("h2", "", data.title);
    title.tabIndex = -1;
    title.dir = "auto";
    const facts = make("p", "facts");
    for (const fact of data.facts) facts.append(make("bdi", "", fact));
    const article = make("article");
    article.append(title, facts);
    if (data.link && /^https?:\/\//i.test(data.link)) {
      const link = make("a", "original", "Open the original at these words");
      link.href = data.link;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      article.append(link);
    }
    for (const segments of data.paragraphs) {
      const paragraph = make("p");
      paragraph.dir = "auto";
      for (const segment of segments) {
        paragraph.append(segment.quoted ? make("mark", "", segment.text) : document.createTextNode(segment.text));
      }
      article.append(paragraph);
    }
    page.append(article);
  }
  spoken.textContent = data.opened;
  reveal();
};

// A new question stays in sight and its answer grows below it, until the reader scrolls.
// Gradio loads the log later than this script, so it is looked up each time.
let asked = 0;
let follow = false;
const pin = () => {
  const questions = chat.querySelectorAll("[data-testid=user]");
  if (questions.length > asked) follow = true;
  asked = questions.length;
  const scroller = chat.querySelector("[role=log]");
  if (!follow || !asked || !scroller) return;
  const question = questions[asked - 1].getBoundingClientRect();
  // Rounded up, it would hide the edge of the question.
  scroller.scrollTop = Math.floor(scroller.scrollTop + question.top - scroller.getBoundingClientRect().top);
  // Once it is whole it must not move again: the reader may be about to click in it.
  const answers = chat.querySelectorAll("[data-testid=bot]");
  if (answers.length === asked && answers[asked - 1].querySelector(".sources, .refusal")) follow = false;
};
for (const moved of ["wheel", "touchmove", "keydown", "pointerdown"]) {
  chat.addEventListener(moved, () => { follow = false; }, { passive: true });
}
new MutationObserver(pin).observe(chat, { subtree: true, childList: true });

// Gradio names each message by its markup, tags and all; the text alone is a better name.
new MutationObserver(() => {
  for (const named of chat.querySelectorAll("[data-testid=bot][aria-label], [data-testid=user][aria-label]")) {
    named.removeAttribute("aria-label");
  }
}).observe(chat, { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-label"] });

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element && event.target.closest('a[href^="#cite-"]');
  if (!link || !chat.contains(link)) return;
  event.preventDefault();
  marker = link;
  const id = link.hash.slice(6);
  // The value would not change, so no answer would come: it is already here.
  if (props.value && props.value.id === id) { reveal(); return; }
  trigger("open", { id });
});
close.addEventListener("click", leave);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && element.hasAttribute("data-open") && element.contains(document.activeElement)) {
    event.preventDefault();
    leave();
  }
});
watch("value", render);
empty();
