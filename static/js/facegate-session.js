/**
 * Facegate's session client: camera, frames, socket and timing for one enrollment or verification, without any
 * user interface. Facegate's own page is built on it; any other site can embed it:
 *
 *   import { FacegateSession } from "https://facegate.example/static/js/facegate-session.js";
 *
 *   const session = new FacegateSession({
 *     video: document.querySelector("video"),              // shows the camera; mirror it with CSS if you like
 *     socketUrl: "wss://facegate.example/ws/sessions/ID/",  // from the answer that created the session;
                                                           // a path is taken on the page's own host
 *     token: "...",                                         // the link token from the same answer
 *     safeMode: false,                                      // true: no flashing colours (photosensitivity)
 *     consent: null,                                        // version of the text a recording server asks for
 *     onStep: (step) => {},      // after each analysed frame: what to show now (below)
 *     onLight: (color) => {},    // fill the page with "#rrggbb", or take the light away (null)
 *     onEnd: (result) => {},     // {verdict: "passed"|"needs_review"|"failed", reasons: [code], retryAllowed}
 *     onError: (error) => {},    // FacegateError {code, fatal}; after a fatal one the session is over here
 *     onReady: (ready) => {},    // {purpose, challenge: {steps_total, level, flash}, limits}
 *     onConnection: (state) => {}, // "connecting" | "open" | "reconnecting" | "paused"
 *   });
 *   await session.start();       // asks for the camera; throws FacegateError if it cannot be had
 *   session.stop();              // camera off, socket closed; a later start() on the same tab resumes
 *
 * `step` is the server's message: {phase, instruction, hint, progress 0..1, face {left, top, width, height} in 0..1
 * of the unmirrored picture or null, step {id, kind, index, total, attempt} or null}. Left and right are the
 * person's own. Show it synchronously in `onStep`: the time reported to the server is that of the next animation
 * frame. Without `onLight` the session asks for the mode without flashes.
 *
 * Codes of FacegateError made here: insecure_context, unsupported_browser, camera_denied, no_camera,
 * camera_in_use, camera_failed, camera_lost, connection_failed, session_expired; all others are the server's.
 */

import { cameraObstacle, closeCamera, openCamera, watchPictures } from "./session/camera.js";
import { Connection } from "./session/connection.js";
import { describeDevice } from "./session/device.js";
import { FrameEncoder } from "./session/frames.js";
import { runLight } from "./session/light.js";
import { FacegateError } from "./session/problems.js";
import { FrameSealer } from "./session/sealing.js";
import { ScreenLock } from "./session/wake-lock.js";

export { cameraObstacle, FacegateError };

const ANSWER_TIMEOUT_MS = 1000;
const nothing = () => {};

function sessionStorageOrNull() {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}

export class FacegateSession {
  #sequence = 0;
  #state = "idle";

  constructor({ video, socketUrl, token, safeMode = false, consent = null, storage = sessionStorageOrNull(),
    onStep = nothing, onEnd = nothing, onError = nothing, onReady = nothing, onConnection = nothing,
    onLight = null }) {
    this.video = video;
    this.options = { socketUrl, token, storage, consent, safeMode: safeMode || !onLight };
    this.on = { step: onStep, end: onEnd, error: onError, ready: onReady, connection: onConnection };
    this.showLight = onLight ?? nothing;
    this.screen = new ScreenLock();
  }

  /** Open the camera, then the socket. Throws FacegateError when there is no camera to be had. */
  async start() {
    if (this.#state !== "idle") throw new FacegateError("conflict", { message: "already started" });
    this.#state = "starting";
    let stream;
    try {
      stream = await openCamera(this.video);
    } catch (error) {
      this.#state = "idle";
      throw error;
    }
    if (this.#state !== "starting") {
      closeCamera(stream, this.video);
      return;
    }
    this.#state = "running";
    this.#begin(stream);
  }

  /** Camera off and socket closed. The session stays resumable on this tab until it expires. */
  stop() {
    this.#finish({ forget: false });
  }

  #begin(stream) {
    this.stream = stream;
    this.screen.hold();
    for (const track of stream.getVideoTracks()) track.onended = () => this.#fail(new FacegateError("camera_lost"));
    this.visibility = () => this.#visibilityChanged();
    document.addEventListener("visibilitychange", this.visibility);
    this.on.connection("connecting");
    this.connection = new Connection({
      url: this.options.socketUrl,
      token: this.options.token,
      safeMode: this.options.safeMode,
      device: describeDevice(stream),
      consent: this.options.consent,
      storage: this.options.storage,
      on: {
        ready: (message) => this.#ready(message),
        message: (message) => this.#message(message),
        bounced: (error) => this.#bounced(error),
        lost: () => this.#lost(),
        fatal: (error) => this.#fail(error),
      },
    });
    this.unwatch = watchPictures(this.video, (captureMs) => this.#picture(captureMs));
  }

  #ready(message) {
    this.limits = message.limits;
    this.framesLeft = message.limits.frames_left;
    this.encoder = new FrameEncoder(message.limits);
    this.sealer = new FrameSealer(message.frame_key);
    this.answered = true;
    // Every socket is a new attempt with a script of its own, whose step numbers begin again.
    this.currentStep = undefined;
    this.on.connection(document.hidden ? "paused" : "open");
    this.on.ready({ purpose: message.purpose, challenge: message.challenge, limits: message.limits });
  }

  #message(message) {
    if (message.type === "step") {
      this.answered = true;
      this.on.step(message);
      this.#stepShown(message.step);
    } else if (message.type === "session.completed" || message.type === "session.failed") {
      const result = { verdict: message.verdict, reasons: message.reasons ?? [],
        retryAllowed: message.retry_allowed ?? false };
      // A retry goes on with the same session, so the tab keeps its right to it.
      this.#finish({ forget: !result.retryAllowed });
      this.on.end(result);
    }
  }

  #bounced(error) {
    this.answered = true;
    this.on.error(error);
  }

  #lost() {
    this.#endLight();
    this.on.connection("reconnecting");
  }

  #stepShown(step) {
    const key = step && `${step.id}:${step.attempt}`;
    if (key === this.currentStep) return;
    this.currentStep = key;
    this.#endLight();
    if (!step) return;
    if (step.colors?.length) {
      // Never shown to somebody who asked not to see it, whatever the server sends.
      if (this.options.safeMode) return;
      this.endLight = runLight({
        colors: step.colors,
        seconds: step.color_seconds,
        show: this.showLight,
        report: (index, now) => {
          if (index === 0) this.#report({ type: "step.shown", step: step.id, shown_at_ms: now });
          this.#report({ type: "flash.shown", step: step.id, index, shown_at_ms: now });
        },
      });
    } else {
      requestAnimationFrame((now) => this.#report({ type: "step.shown", step: step.id, shown_at_ms: now }));
    }
  }

  #report(message) {
    this.connection?.send(message);
  }

  async #picture(captureMs) {
    if (!this.#maySend(captureMs)) return;
    const sealer = this.sealer;
    this.encoding = true;
    const jpeg = await this.encoder.encode(this.video);
    const frame = jpeg && (await sealer.seal(this.#sequence + 1, captureMs, jpeg));
    this.encoding = false;
    // The socket may have gone meanwhile: a frame sealed for it is worth nothing on the next one.
    if (!frame || this.#state !== "running" || !this.connection.isReady || sealer !== this.sealer) return;
    this.#sequence += 1;
    this.framesLeft -= 1;
    this.lastCapture = captureMs;
    this.sentAt = performance.now();
    this.answered = false;
    this.connection.send(frame);
  }

  #maySend(captureMs) {
    if (this.encoding || document.hidden || !this.connection?.isReady || this.framesLeft <= 0) return false;
    const spacing = 1000 / this.limits.frames_per_second;
    // Half a camera frame early is still on time: else 8 frames a second become 7.5 with a 30 fps camera.
    if (captureMs - (this.lastCapture ?? -Infinity) < spacing - 16) return false;
    // Frames that pile up here arrive later and later, and at last look as if they had been held back.
    if (this.connection.bufferedBytes > 0) return false;
    return this.answered || performance.now() - this.sentAt >= ANSWER_TIMEOUT_MS;
  }

  #visibilityChanged() {
    if (document.hidden) {
      this.#endLight();
      this.on.connection("paused");
    } else {
      this.screen.hold();
      this.on.connection(this.connection.isReady ? "open" : "reconnecting");
    }
  }

  #endLight() {
    this.endLight?.();
    this.endLight = null;
  }

  #fail(error) {
    if (this.#state !== "running") return;
    this.#finish({ forget: false });
    this.on.error(error);
  }

  #finish({ forget }) {
    this.#state = "idle";
    this.#endLight();
    this.unwatch?.();
    this.connection?.close({ forget });
    this.connection = null;
    document.removeEventListener("visibilitychange", this.visibility);
    for (const track of this.stream?.getVideoTracks() ?? []) track.onended = null;
    closeCamera(this.stream, this.video);
    this.stream = null;
    this.screen.release();
  }
}
