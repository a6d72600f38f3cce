// One question to the server: who asks, how long to wait, and what its no means.

const PATIENCE = 30_000;

/** Why a question was not answered: "away" (no signal, or the server is down), "login", "other", "locked", "refused". */
export class Unanswered extends Error {
  constructor(why, { status = 0, said = null } = {}) {
    super(why);
    Object.assign(this, { why, status, said });
  }
}

const WHY = { 401: "login", 409: "other", 410: "locked" };

export const whyOf = (status) => WHY[status] ?? (status >= 500 || status === 429 || status === 408 ? "away" : "refused");

export function createWire({ number, go = (...question) => fetch(...question) }) {
  const headers = (phone) => ({ "Dispatch-Phone": phone, "Dispatch-App": String(number), "Dispatch-Time": new Date().toISOString() });

  /** Answers { status, said, answer }: `said` is the JSON, null for none. Fails with Unanswered. */
  async function ask(phone, path, { method = "GET", body, more = {}, patience = PATIENCE } = {}) {
    const over = new AbortController(), timer = setTimeout(() => over.abort(), patience);
    try {
      const answer = await go(path, { method, body, credentials: "same-origin", cache: "no-store", redirect: "error", signal: over.signal, headers: { Accept: "application/json", ...headers(phone), ...more } });
      const said = await answer.json().catch(() => null);
      if (answer.ok || answer.status === 304) return { status: answer.status, said, answer };
      throw new Unanswered(whyOf(answer.status), { status: answer.status, said });
    } catch (failure) {
      throw failure instanceof Unanswered ? failure : new Unanswered("away");
    } finally {
      clearTimeout(timer);
    }
  }

  const tell = (phone, path, what) => ask(phone, path, { method: "POST", body: JSON.stringify(what), more: { "Content-Type": "application/json" } });

  return { ask, tell };
}
