/** The session page: joins the session client to the view. Everything it needs is in two JSON elements. */

import { prefersLessMotion } from "./accessibility.js";
import { cameraObstacle, FacegateSession } from "./facegate-session.js";
import { FlashOverlay } from "./flash-overlay.js";
import { RecordingConsent } from "./recording-consent.js";
import { SessionView } from "./session-view.js";

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const config = read("facegate-config");
const view = new SessionView(document.getElementById("session"), read("facegate-texts"));
const light = new FlashOverlay();
const startButton = view.at("start");
const safeMode = view.at("safe-mode");
const consent = new RecordingConsent(view, { agreed: () => view.show("start") });
let session = null;

async function start() {
  startButton.disabled = true;
  startButton.setAttribute("aria-busy", "true");
  session = new FacegateSession({
    video: view.at("video"),
    socketUrl: config.socket_path,
    token: config.token,
    safeMode: safeMode.checked,
    consent: consent.version,
    onReady: ({ challenge }) => view.showDots(challenge.steps_total),
    onStep: (step) => view.showStep(step),
    onLight: (color) => light.show(color),
    onConnection: (state) => view.showConnection(state),
    onEnd: (result) => view.showEnd(result),
    onError: (error) => error.fatal && view.showProblem(error.code),
  });
  // Shown before the browser asks: a video that is not displayed does not play everywhere.
  view.beginLive();
  try {
    await session.start();
  } catch (error) {
    view.showProblem(error.code);
  } finally {
    startButton.disabled = false;
    startButton.removeAttribute("aria-busy");
  }
}

function stop() {
  session?.stop();
  view.announcer.clear();
  view.show(consent.home);
}

const obstacle = cameraObstacle();
if (obstacle) {
  view.showProblem(obstacle);
} else {
  safeMode.checked = prefersLessMotion();
  startButton.disabled = false;
}
startButton.addEventListener("click", start);
view.at("retry").addEventListener("click", start);
view.at("stop").addEventListener("click", stop);
// A page kept in the back-forward cache must not keep the camera.
window.addEventListener("pagehide", () => session?.stop());
window.addEventListener("pageshow", (event) => event.persisted && view.show(consent.home));
