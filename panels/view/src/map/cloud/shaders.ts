// How a point is drawn: a disc, or a ring if it was placed after the map was made.

export const VERTEX = `
in vec3 position;
in vec4 color;
in float placed;
uniform mat4 projectionMatrix;
uniform mat4 modelViewMatrix;
uniform float size;
out vec4 fill;
out float isPlaced;
void main() {
  fill = color;
  isPlaced = placed;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
  gl_PointSize = placed > 0.5 ? size * 1.6 + 2.0 : size;
}`;

export const FRAGMENT = `
precision highp float;
in vec4 fill;
in float isPlaced;
uniform vec4 outline;
uniform float size;
out vec4 pixel;
void main() {
  vec2 from = 2.0 * gl_PointCoord - 1.0;
  float far = length(from);
  if (far > 1.0 || (isPlaced > 0.5 && far < 0.55)) discard;
  float edge = 1.0 - smoothstep(1.0 - 2.0 / size, 1.0, far);
  bool isOutline = outline.a > 0.0 && far > 0.6;
  vec4 own = isOutline ? outline : vec4(fill.rgb, outline.a > 0.0 ? 1.0 : fill.a);
  pixel = vec4(own.rgb, own.a * edge);
}`;
