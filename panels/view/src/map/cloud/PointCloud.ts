import {
  BufferAttribute,
  BufferGeometry,
  GLSL3,
  Matrix4,
  OrthographicCamera,
  PerspectiveCamera,
  Points,
  RawShaderMaterial,
  Scene,
  Sphere,
  Vector3,
  Vector4,
  WebGLRenderer,
} from "three";
import { MapControls } from "three/addons/controls/MapControls.js";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { Detail, spreadOrder } from "./detail.ts";
import { FRAGMENT, VERTEX } from "./shaders.ts";

/** Points that are drawn larger, with an outline, above the others. */
export type LayerName = "hits" | "selected";

export interface CloudOptions {
  canvas: HTMLCanvasElement;
  /** Coordinates in -1 to 1. */
  points: Float32Array;
  dims: number;
  /** 1 for points that were placed later; empty if there are none. */
  placed: Uint8Array;
  /** Called after the camera, or the size, has changed. */
  onChange: () => void;
}

const FIELD_OF_VIEW = 45;
const DISTANCE = 3.2;
const LAYERS: LayerName[] = ["selected", "hits"];
const RADIANS_PER_PIXEL = 0.006;

/** The points of a map, drawn with WebGL when something has changed. */
export class PointCloud {
  readonly dims: number;
  private readonly points: Float32Array;
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera: OrthographicCamera | PerspectiveCamera;
  private readonly controls: OrbitControls;
  private readonly geometry = new BufferGeometry();
  private readonly base: RawShaderMaterial;
  private readonly layers = new Map<LayerName, Points<BufferGeometry, RawShaderMaterial>>();
  private readonly onChange: () => void;
  private width = 1;
  private height = 1;
  private ratio = 1;
  private frame = 0;
  private readonly detail: Detail;
  private rest: ReturnType<typeof setTimeout> | undefined;
  private isMoving = false;

  constructor({ canvas, points, dims, placed, onChange }: CloudOptions, context: WebGL2RenderingContext) {
    this.dims = dims;
    this.points = points;
    this.onChange = onChange;
    this.renderer = new WebGLRenderer({ canvas, context, alpha: true, antialias: false });
    this.camera =
      dims === 3
        ? new PerspectiveCamera(FIELD_OF_VIEW, 1, 0.001, 100)
        : new OrthographicCamera(-1, 1, 1, -1, 0.01, 10);
    const count = points.length / dims;
    this.geometry.setAttribute("position", new BufferAttribute(points, dims));
    this.geometry.setAttribute("color", new BufferAttribute(new Uint8Array(4 * count), 4, true));
    const marks = placed.length ? placed : new Uint8Array(count);
    this.geometry.setAttribute("placed", new BufferAttribute(marks, 1));
    this.geometry.boundingSphere = AROUND;
    this.geometry.setIndex(new BufferAttribute(spreadOrder(count), 1));
    this.detail = new Detail(count);
    this.base = material(new Vector4(0, 0, 0, 0), dims);
    this.add(this.geometry, this.base, 0);
    // Those of maps move with the left button and with one finger.
    const Controls = dims === 3 ? OrbitControls : MapControls;
    this.controls = new Controls(this.camera, canvas);
    this.setUpControls();
    this.controls.addEventListener("change", this.changed);
    canvas.addEventListener("webglcontextrestored", this.changed);
    this.fit();
  }

  /** Sets the size of the canvas in CSS pixels. */
  resize(width: number, height: number): void {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    // More pixels than two for one are not visible, but are drawn.
    this.ratio = Math.min(2, window.devicePixelRatio || 1);
    this.renderer.setPixelRatio(this.ratio);
    this.renderer.setSize(this.width, this.height, false);
    const aspect = this.width / this.height;
    if (this.camera instanceof PerspectiveCamera) this.camera.aspect = aspect;
    else {
      const [x, y] = aspect > 1 ? [aspect, 1] : [1, 1 / aspect];
      Object.assign(this.camera, { left: -x, right: x, bottom: -y, top: y });
    }
    this.camera.updateProjectionMatrix();
    this.changed();
  }

  /** Sets red, green, blue and alpha, 0 to 255, of each point. */
  setColors(rgba: Uint8Array): void {
    const color = this.geometry.getAttribute("color") as BufferAttribute;
    (color.array as Uint8Array).set(rgba);
    color.needsUpdate = true;
    this.draw();
  }

  /** Draws some points above the others, with an outline. */
  setLayer(name: LayerName, places: Uint32Array, outline: [number, number, number]): void {
    const old = this.layers.get(name);
    if (old) {
      this.scene.remove(old);
      old.geometry.dispose();
      old.material.dispose();
      this.layers.delete(name);
    }
    if (places.length) {
      const part = new BufferGeometry();
      for (const [key, attribute] of Object.entries(this.geometry.attributes)) {
        part.setAttribute(key, attribute);
      }
      part.setIndex(new BufferAttribute(places, 1));
      part.boundingSphere = AROUND;
      const [r, g, b] = outline.map((value) => value / 255) as [number, number, number];
      const own = material(new Vector4(r, g, b, 1), this.dims);
      // What is above the others is not hidden behind them.
      own.depthTest = false;
      this.layers.set(name, this.add(part, own, 1 + LAYERS.indexOf(name)));
    }
    this.draw();
  }

  /** Projection times view; see `projected`. */
  get matrix(): ArrayLike<number> {
    this.camera.updateMatrixWorld();
    return new Matrix4().multiplyMatrices(this.camera.projectionMatrix, this.camera.matrixWorldInverse)
      .elements;
  }

  /** The place of the map in the middle of the canvas. */
  get target(): number[] {
    return this.controls.target.toArray().slice(0, this.dims);
  }

  /** How many times larger than at first the map is drawn. */
  get zoom(): number {
    if (this.camera instanceof OrthographicCamera) return this.camera.zoom / FIT;
    return DISTANCE / this.camera.position.distanceTo(this.controls.target);
  }

  /** Whether a drag moves the map. */
  setMovable(isMovable: boolean): void {
    this.controls.enabled = isMovable;
  }

  /** Shows the whole map. */
  fit(): void {
    this.look([0, 0, 0], 1);
    if (this.dims === 3) {
      this.camera.position.set(0.5, 0.6, 1).normalize().multiplyScalar(DISTANCE);
      this.controls.update();
    }
  }

  /** Looks at a place of the map, from the same side. */
  look(place: ArrayLike<number>, zoom: number): void {
    const target = new Vector3(place[0], place[1], this.dims === 3 ? place[2] : 0);
    const side = this.camera.position.clone().sub(this.controls.target);
    if (!side.lengthSq()) side.set(0, 0, 1);
    this.controls.target.copy(target);
    if (this.camera instanceof OrthographicCamera) {
      this.camera.position.copy(target).add(new Vector3(0, 0, 1));
      this.camera.zoom = FIT * zoom;
      this.camera.updateProjectionMatrix();
    } else this.camera.position.copy(target).add(side.setLength(DISTANCE / zoom));
    this.controls.update();
    this.changed();
  }

  /** Enlarges the map by a factor. */
  zoomBy(factor: number): void {
    this.look(this.controls.target.toArray(), this.zoom * factor);
  }

  /** Moves the map by pixels. */
  panBy(x: number, y: number): void {
    const camera = this.camera;
    const span =
      camera instanceof OrthographicCamera
        ? (camera.top - camera.bottom) / camera.zoom
        : 2 * Math.tan((FIELD_OF_VIEW * Math.PI) / 360) * camera.position.distanceTo(this.controls.target);
    const step = span / this.height;
    const right = new Vector3().setFromMatrixColumn(camera.matrix, 0).multiplyScalar(-x * step);
    const up = new Vector3().setFromMatrixColumn(camera.matrix, 1).multiplyScalar(y * step);
    const move = right.add(up);
    camera.position.add(move);
    this.controls.target.add(move);
    this.controls.update();
    this.changed();
  }

  /** Turns a map of three dimensions, as a drag by pixels does. */
  rotateBy(x: number, y: number): void {
    const side = this.camera.position.clone().sub(this.controls.target);
    side.applyAxisAngle(new Vector3(0, 1, 0), -x * RADIANS_PER_PIXEL);
    const right = new Vector3().setFromMatrixColumn(this.camera.matrix, 0);
    const tilted = side.clone().applyAxisAngle(right, -y * RADIANS_PER_PIXEL);
    // Not over the poles, where up changes its side.
    const isOver = Math.abs(tilted.clone().normalize().y) > 0.99;
    this.camera.position.copy(this.controls.target).add(isOver ? side : tilted);
    this.controls.update();
    this.changed();
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.rest);
    this.controls.dispose();
    for (const { geometry, material } of this.layers.values()) {
      geometry.dispose();
      material.dispose();
    }
    this.geometry.dispose();
    this.base.dispose();
    this.renderer.domElement.removeEventListener("webglcontextrestored", this.changed);
    this.renderer.dispose();
    // Browsers keep few contexts, and do not soon collect one that is not used any more.
    this.renderer.forceContextLoss();
  }

  private add(geometry: BufferGeometry, own: RawShaderMaterial, order: number) {
    const points = new Points(geometry, own);
    points.frustumCulled = false;
    points.renderOrder = order;
    this.scene.add(points);
    return points;
  }

  private setUpControls(): void {
    const { controls } = this;
    controls.zoomSpeed = 1.5;
    if (this.dims === 3) Object.assign(controls, { minDistance: 0.01, maxDistance: 20 });
    else {
      const limits = { minZoom: 0.3, maxZoom: 5_000, enableRotate: false };
      Object.assign(controls, { ...limits, zoomToCursor: true, screenSpacePanning: true });
    }
  }

  private readonly changed = (): void => {
    this.isMoving = true;
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      this.isMoving = false;
      this.draw();
    }, REST_MS);
    this.draw();
    this.onChange();
  };

  /** Draws before the next frame. */
  private draw(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame((now) => {
      this.frame = 0;
      const size = pointSize(this.points.length / this.dims, this.zoom) * this.ratio;
      this.base.uniforms.size!.value = size;
      for (const { material } of this.layers.values()) {
        material.uniforms.size!.value = size + 6 * this.ratio;
      }
      this.geometry.setDrawRange(0, this.detail.countAt(now, this.isMoving));
      this.renderer.render(this.scene, this.camera);
    });
  }
}

// All points are drawn once the map has not moved for this long.
const REST_MS = 150;
// The whole map with a margin.
const FIT = 0.92;
// Around all points. three.js would compute it from three coordinates of each point.
const AROUND = new Sphere(new Vector3(), 2);

function material(outline: Vector4, dims: number): RawShaderMaterial {
  const is3D = dims === 3;
  return new RawShaderMaterial({
    vertexShader: VERTEX,
    fragmentShader: FRAGMENT,
    glslVersion: GLSL3,
    uniforms: { size: { value: 4 }, outline: { value: outline } },
    transparent: true,
    depthTest: is3D,
    depthWrite: is3D,
  });
}

/** The diameter of a point in CSS pixels: smaller where there are many, larger when zoomed in. */
export function pointSize(count: number, zoom: number): number {
  const smallest = count > 300_000 ? 2 : count > 30_000 ? 3 : count > 3_000 ? 5 : 7;
  return Math.min(14, smallest * Math.max(1, zoom) ** 0.3);
}
