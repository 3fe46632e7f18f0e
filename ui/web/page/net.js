// The HTTP API of the server that served this page, and of no other.

/** What went wrong and what to do, to be shown as it is. */
export class Problem extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

const AWAY = "Byline can't be reached. Check that it is still running, then try again.";
const SAID = {
  401: "Your name and password are needed again: reload the page.",
  413: "That is more than the server takes at once.",
  429: "Too many attempts: wait a little, then try again.",
};

const send = async (path, options) => {
  let reply;
  try {
    reply = await fetch(`/api/${path}`, { ...options, credentials: "same-origin", redirect: "error" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(AWAY);
  }
  if (reply.ok) return reply;
  let said = SAID[reply.status];
  if (!said) {
    try {
      said = (await reply.json()).error;
    } catch {
      said = null;
    }
  }
  throw new Problem(said || `The server answered with error ${reply.status}. Try again.`, reply.status);
};

const json = (value) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(value),
});

const BROKEN = "The connection broke before the answer was whole. Try again.";

/** The body of a reply, which may break off too. */
const body = async (reading) => {
  try {
    return await reading;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(BROKEN);
  }
};

export const get = async (path, named = {}, signal = undefined) => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(named)) {
    if (value !== undefined && value !== null && value !== "") query.set(name, value);
  }
  const asked = query.size ? `${path}?${query}` : path;
  return body((await send(asked, { signal })).json());
};

export const post = async (path, value) => send(path, json(value));

/** The same where a file comes back. */
export const file = async (path, value) => body((await send(path, json(value))).blob());

export const upload = async (name, content, signal) =>
  body((await send(`articles?${new URLSearchParams({ name })}`, { method: "POST", body: content, signal })).json());

/** The lines of JSON that a streaming reply has, as they come; one with an `error` is its last. */
export const lines = async function* (path, value, signal) {
  const reply = await send(path, { ...json(value), signal });
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value: piece } = await reader.read();
      if (done) break;
      const whole = (rest + piece).split("\n");
      rest = whole.pop();
      for (const line of whole) {
        const step = JSON.parse(line);
        if (step.error) throw new Problem(step.error);
        yield step;
      }
    }
  } catch (error) {
    if (error.name === "AbortError" || error instanceof Problem) throw error;
    throw new Problem(BROKEN);
  } finally {
    reader.cancel().catch(() => {});
  }
};
