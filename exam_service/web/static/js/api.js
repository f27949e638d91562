// The candidate's API. A call either gives the answer, or throws Refused (the service said no) or Unreachable (nobody answered).

import { stamp } from "./evidence.js";

const PATIENCE = 20000;

/** How the connection stands: when the service was heard last (by our clocks, and by its own), and whether the last call got no answer. */
export const link = { heard: null, time: null, lost: false, changed: () => {} };

/** The service said no: a stable code, a sentence in both languages, and when to try again if waiting cures it. */
export class Refused extends Error {
  constructor(status, problem, waitMs = null) {
    super(`${status} ${problem.code ?? ""}`);
    this.status = status;
    this.code = problem.code ?? "";
    this.text = problem.message ?? null;
    this.waitMs = waitMs;
    this.faults = problem.faults ?? [];
  }
}

/** No answer came, or none that the service wrote. The same call may be made again. */
export class Unreachable extends Error {}

async function call(method, path, body, { keepalive = false } = {}) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  const request = { method, signal: stop.signal, credentials: "same-origin", cache: "no-store", headers: { accept: "application/json" } };
  if (body !== undefined) {
    request.body = typeof body === "string" ? body : JSON.stringify(body);
    request.headers["content-type"] = "application/json";
    // A page that is being left may still deliver a small body.
    request.keepalive = keepalive && request.body.length < 60000;
  }
  try {
    const response = await fetch(`/v1/candidate${path}`, request);
    const text = await response.text();
    const answer = text ? JSON.parse(text) : null;
    hear(Date.parse(response.headers.get("date")));
    if (response.ok) return answer;
    throw new Refused(response.status, answer ?? {}, patience(response, answer ?? {}));
  } catch (error) {
    if (error instanceof Refused) throw error;
    if (!link.lost) {
      link.lost = true;
      link.changed();
    }
    throw new Unreachable(String(error));
  } finally {
    clearTimeout(timer);
  }
}

function hear(time) {
  const lost = link.lost;
  Object.assign(link, { heard: stamp(), time: time || null, lost: false });
  if (lost) link.changed();
}

// Milliseconds to wait, as a span: a moment would be read on a clock that may be wrong by a day.
function patience({ headers }, { retry_at: moment }) {
  const seconds = Number(headers.get("retry-after"));
  if (seconds > 0) return seconds * 1000;
  return moment ? Math.max(0, Date.parse(moment) - (Date.parse(headers.get("date")) || Date.now())) : null;
}

export const me = () => call("GET", "/me");
export const start = (exam) => call("POST", `/exams/${exam}/attempts`, {});
export const open = (attempt) => call("POST", `/attempts/${attempt}/open`, {});
export const attempt = (attempt) => call("GET", `/attempts/${attempt}`);
export const paper = (attempt) => call("GET", `/attempts/${attempt}/paper`);
export const save = (attempt, body, how) => call("POST", `/attempts/${attempt}/responses`, body, how);
export const contact = (attempt, epoch) => call("GET", `/attempts/${attempt}/contact${epoch ? `?epoch=${epoch}` : ""}`);
export const submit = (attempt, epoch) => call("POST", `/attempts/${attempt}/submit`, { epoch });
export const result = (attempt) => call("GET", `/attempts/${attempt}/result`);
export const review = (attempt) => call("GET", `/attempts/${attempt}/review`);
export const receipts = (attempt) => call("GET", `/attempts/${attempt}/receipts`);
export const certificate = (kind) => call("POST", "/certificates", { kind });

/** Whether the same call may succeed later without anybody changing anything. */
export function passing(error) {
  return error instanceof Unreachable || error.status >= 500 || error.status === 429 || error.status === 408;
}
