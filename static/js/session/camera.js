/** The camera: opening it, saying in one code why it cannot be opened, and telling of each new picture. */

import { FacegateError } from "./problems.js";

const CODES = {
  NotAllowedError: "camera_denied",
  SecurityError: "camera_denied",
  NotFoundError: "no_camera",
  OverconstrainedError: "no_camera",
  NotReadableError: "camera_in_use",
  AbortError: "camera_in_use",
};
const FALLBACK_INTERVAL_MS = 33;
const OLDEST_PLAUSIBLE_MS = 1000;

/** Why this browser can never open a camera here, as a code, or null. */
export function cameraObstacle() {
  if (!window.isSecureContext) return "insecure_context";
  return navigator.mediaDevices?.getUserMedia ? null : "unsupported_browser";
}

/** Ask for the front camera and play it in `video`. Throws FacegateError. */
export async function openCamera(video) {
  const obstacle = cameraObstacle();
  if (obstacle) throw new FacegateError(obstacle);
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user", frameRate: { ideal: 30 } },
    });
  } catch (error) {
    throw new FacegateError(CODES[error.name] ?? "camera_failed", { message: error.message, cause: error });
  }
  video.muted = true;
  video.playsInline = true;
  video.srcObject = stream;
  try {
    await video.play();
  } catch (error) {
    closeCamera(stream, video);
    throw new FacegateError("camera_failed", { message: error.message, cause: error });
  }
  return stream;
}

/** Switch the camera off, so that its light goes out. Safe to repeat. */
export function closeCamera(stream, video) {
  for (const track of stream?.getTracks() ?? []) track.stop();
  if (video.srcObject === stream) video.srcObject = null;
}

/**
 * Call `onPicture(captureMs)` once for every new picture, inside the callback in which it is current, so that
 * drawing it at once gives exactly that picture. Returns a function that ends it.
 */
export function watchPictures(video, onPicture) {
  let live = true;
  let latest = 0;
  const tell = (captureMs) => {
    // Some drivers repeat a time stamp; the clock that goes out must never stand still or run back.
    latest = captureMs > latest ? captureMs : latest + 0.01;
    onPicture(latest);
  };
  if (!video.requestVideoFrameCallback) {
    const timer = setInterval(() => video.readyState >= 2 && tell(performance.now()), FALLBACK_INTERVAL_MS);
    return () => clearInterval(timer);
  }
  const next = (now, metadata) => {
    if (!live) return;
    video.requestVideoFrameCallback(next);
    const age = now - (metadata.captureTime ?? NaN);
    tell(age >= 0 && age < OLDEST_PLAUSIBLE_MS ? metadata.captureTime : now);
  };
  video.requestVideoFrameCallback(next);
  return () => {
    live = false;
  };
}
