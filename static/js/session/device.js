/**
 * What the browser knows of the camera, for the server's injection hints. A clean report proves nothing and an odd
 * one refuses nobody: it only adds to a doubt.
 */

const positive = (value) => (Number.isFinite(value) && value > 0 ? value : undefined);

/** Members the browser cannot tell are left out. */
export function describeDevice(stream) {
  const [track] = stream.getVideoTracks();
  const settings = track.getSettings?.() ?? {};
  const capabilities = track.getCapabilities?.();
  return {
    camera_label: track.label,
    width: positive(settings.width),
    height: positive(settings.height),
    frame_rate: positive(settings.frameRate),
    capabilities: capabilities && Object.keys(capabilities).length,
    screen_width: positive(screen.width),
    screen_height: positive(screen.height),
    mobile: navigator.userAgentData?.mobile,
  };
}
