"""What ``bench_map_panel.py`` runs in the page."""

# Counts the frames in which WebGL draws, and with `waits` waits for each of them to be drawn.
COUNT = """
() => {
  const count = (window.drawn = { frames: 0, points: 0, milliseconds: [], waits: false });
  const gl = WebGL2RenderingContext.prototype;
  const pixel = new Uint8Array(4);
  let isCounted = false;
  for (const name of ["drawArrays", "drawElements"]) {
    const draw = gl[name];
    gl[name] = function (...given) {
      const started = performance.now();
      draw.apply(this, given);
      count.points += given[name === "drawArrays" ? 2 : 1];
      if (count.waits) {
        this.readPixels(0, 0, 1, 1, this.RGBA, this.UNSIGNED_BYTE, pixel);
        count.milliseconds.push(performance.now() - started);
      }
      if (!isCounted) {
        isCounted = true;
        count.frames += 1;
        requestAnimationFrame(() => { isCounted = false; });
      }
    };
  }
}
"""

# Draws points that move, without anything else; returns the frames per second.
BARE = """
async ([count, size, width, height, seconds]) => {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  document.body.append(canvas);
  const gl = canvas.getContext("webgl2", { antialias: false });
  const shader = (type, text) => {
    const own = gl.createShader(type);
    gl.shaderSource(own, text);
    gl.compileShader(own);
    return own;
  };
  const program = gl.createProgram();
  gl.attachShader(program, shader(gl.VERTEX_SHADER, `#version 300 es
    in vec2 at; uniform vec2 shift; uniform float size;
    void main() { gl_Position = vec4(at + shift, 0, 1); gl_PointSize = size; }`));
  gl.attachShader(program, shader(gl.FRAGMENT_SHADER, `#version 300 es
    precision mediump float; out vec4 pixel;
    void main() { pixel = vec4(0.4, 0.6, 0.9, 1); }`));
  gl.linkProgram(program);
  gl.useProgram(program);
  const points = Float32Array.from({ length: 2 * count }, () => 1.6 * Math.random() - 0.8);
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, points, gl.STATIC_DRAW);
  gl.enableVertexAttribArray(gl.getAttribLocation(program, "at"));
  gl.vertexAttribPointer(gl.getAttribLocation(program, "at"), 2, gl.FLOAT, false, 0, 0);
  gl.uniform1f(gl.getUniformLocation(program, "size"), size);
  const shift = gl.getUniformLocation(program, "shift");
  const started = performance.now();
  let frames = 0;
  while (performance.now() - started < 1000 * seconds) {
    gl.uniform2f(shift, 0.1 * Math.sin(frames / 10), 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.drawArrays(gl.POINTS, 0, count);
    frames += 1;
    await new Promise(requestAnimationFrame);
  }
  return (1000 * frames) / (performance.now() - started);
}
"""
