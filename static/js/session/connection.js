/**
 * One session's socket: first message, parsing, and coming back with the resume token after a lost connection.
 *
 * The token of the link is good for the first start only. What `session.ready` gives back, the resume token, is
 * kept in `sessionStorage`, so that a reload of the same tab continues the session and another tab cannot.
 */

import { FacegateError } from "./problems.js";

const READY_TIMEOUT_MS = 10_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8_000;
const TRIES_BEFORE_READY = 5;
const FIRST_ERROR_CLOSE = 4400;
/** The server takes a silent socket for dead after some seconds; until then a resumed one is a conflict. */
const CONFLICT_PATIENCE_MS = 30_000;
const PASSING = new Set(["throttled", "deadline_exceeded", "store_unavailable", "engine_unavailable",
  "temporarily_unavailable", "internal_error"]);
/** Refusals after which the kept token is worth nothing. */
const OVER = new Set(["session_closed", "session_expired", "not_authenticated"]);
const CODE_OF_CLOSE = { 4400: "invalid_parameter", 4401: "not_authenticated", 4403: "permission_denied",
  4404: "not_found", 4409: "session_closed", 4413: "image_too_large", 4422: "invalid_image", 4429: "throttled",
  4503: "temporarily_unavailable" };

export class Connection {
  /** @param options.on `{ready, message, bounced, lost, fatal}`; `bounced` gets a refusal that is not the end. */
  constructor({ url, token, safeMode, device, consent, storage, on }) {
    // Browsers of some years ago want "ws:" spelled out.
    const address = new URL(url, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    Object.assign(this, { url: address.href, token, safeMode, device, consent, storage, on });
    this.key = `facegate.resume:${address.pathname}`;
    this.tries = 0;
    this.expiresAt = Infinity;
    this.over = false;
    this.wake = () => this.retry && this.#open();
    window.addEventListener("online", this.wake);
    this.#open();
  }

  get isReady() {
    return this.ready === true && this.socket.readyState === WebSocket.OPEN;
  }

  get bufferedBytes() {
    return this.socket.bufferedAmount;
  }

  send(data) {
    if (!this.isReady) return false;
    this.socket.send(data instanceof ArrayBuffer ? data : JSON.stringify(data));
    return true;
  }

  /** End for good. `forget` drops the resume token too: the session itself has ended. */
  close({ forget = false } = {}) {
    this.over = true;
    this.ready = false;
    clearTimeout(this.retry);
    clearTimeout(this.readyTimer);
    window.removeEventListener("online", this.wake);
    if (forget) this.#remember(null);
    this.socket?.close(1000);
  }

  #open() {
    clearTimeout(this.retry);
    this.retry = null;
    this.refusal = null;
    const resume = this.#remembered();
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.usedResume = Boolean(resume);
    this.readyTimer = setTimeout(() => socket.close(), READY_TIMEOUT_MS);
    socket.onopen = () => {
      const first = { type: "session.start", token: resume ?? this.token, safe_mode: this.safeMode,
        device: this.device };
      if (this.consent) first.consent = this.consent;
      socket.send(JSON.stringify(first));
    };
    socket.onmessage = ({ data }) => socket === this.socket && !this.over && this.#receive(JSON.parse(data));
    socket.onclose = ({ code }) => socket === this.socket && !this.over && this.#closed(code);
  }

  #receive(message) {
    if (message.type === "session.ready") {
      clearTimeout(this.readyTimer);
      this.ready = true;
      this.tries = 0;
      this.wasReady = true;
      this.conflictSince = null;
      this.expiresAt = performance.now() + message.limits.expires_in_seconds * 1000;
      this.#remember(message.resume_token);
      this.on.ready(message);
    } else if (message.type === "error") {
      this.refusal = message.error;
      this.on.bounced(this.#asError(message.error, { fatal: false }));
    } else {
      this.on.message(message);
    }
  }

  #closed(closeCode) {
    clearTimeout(this.readyTimer);
    this.ready = false;
    const refusal = this.#asError(this.refusal ?? { code: CODE_OF_CLOSE[closeCode] });
    if (closeCode >= FIRST_ERROR_CLOSE && !this.#passes(refusal.code)) {
      this.#end(refusal);
      return;
    }
    if (performance.now() >= this.expiresAt) {
      this.#end(new FacegateError("session_expired"));
      return;
    }
    if (!this.wasReady && this.tries >= TRIES_BEFORE_READY) {
      this.#end(this.refusal ? refusal : new FacegateError("connection_failed"));
      return;
    }
    this.#retryLater();
  }

  #passes(code) {
    if (code === "not_authenticated" && this.usedResume) {
      // The kept token belongs to an earlier life of this link: the link itself may still be good.
      this.#remember(null);
      return true;
    }
    if (code === "conflict" && this.usedResume) {
      this.conflictSince ??= performance.now();
      return performance.now() - this.conflictSince < CONFLICT_PATIENCE_MS;
    }
    return PASSING.has(code);
  }

  #retryLater() {
    const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.tries) * (1 + Math.random() * 0.3);
    this.tries += 1;
    this.retry = setTimeout(() => this.#open(), delay);
    this.on.lost({ tries: this.tries });
  }

  #end(error) {
    this.close({ forget: OVER.has(error.code) });
    this.on.fatal(error);
  }

  #asError({ code = "internal_error", message, details }, { fatal = true } = {}) {
    // A lock-out looks like ordinary throttling but does not pass by waiting a few seconds.
    const locked = details?.reason === "too_many_attempts";
    return new FacegateError(locked ? details.reason : code, { message, details, fatal });
  }

  #remember(token) {
    try {
      if (token) this.storage?.setItem(this.key, token);
      else this.storage?.removeItem(this.key);
    } catch {
      // Storage is refused or full (private mode): only a reload of the page cannot be resumed then.
      this.storage = null;
    }
    this.resumeToken = token;
  }

  #remembered() {
    return this.resumeToken ?? this.storage?.getItem(this.key) ?? null;
  }
}
