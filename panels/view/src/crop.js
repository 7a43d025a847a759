// How much more than the box is shown, so that what is around it tells where it is.
const MARGIN = 1.25;

/**
 * Where an image has to be in a square for its part in a box to fill it, as CSS.
 *
 * @param box [x, y, width, height], each as a part of the image's
 * @param size [width, height] of the image in pixels
 */
export function cropOf([x, y, w, h], [width, height]) {
  const longest = Math.max(width, height);
  const side = Math.min(longest, Math.max(1, MARGIN * Math.max(w * width, h * height)));
  const percent = (n) => `${(100 * n) / side}%`;
  return {
    width: percent(width),
    height: percent(height),
    left: percent(-startOf((x + w / 2) * width, side, width)),
    top: percent(-startOf((y + h / 2) * height, side, height)),
  };
}

/** Where the square begins: around its middle, in the image if that is long enough. */
function startOf(middle, side, length) {
  if (side >= length) return (length - side) / 2;
  return Math.min(Math.max(middle - side / 2, 0), length - side);
}
