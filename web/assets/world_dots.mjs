// A dotted outline of the continents in the Equal Earth projection (Šavrič, Patterson & Jenny 2018).
// web/world_map.py places markers with the parameters returned here, so both must use the same projection.

const [A1, A2, A3, A4] = [1.340264, -0.081106, 0.000893, 0.003796];
const WIDTH = 1000;
const STEP = 8; // distance of the dots, in units of the drawing
const NORTH = 79; // degrees; the map leaves out the empty ice caps
const SOUTH = -56;

function project(lon, lat) {
  const theta = Math.asin((Math.sqrt(3) / 2) * Math.sin((lat * Math.PI) / 180));
  const t2 = theta * theta;
  const t6 = t2 * t2 * t2;
  const slope = 9 * A4 * t6 * t2 + 7 * A3 * t6 + 3 * A2 * t2 + A1;
  const x = (2 * Math.sqrt(3) * ((lon * Math.PI) / 180) * Math.cos(theta)) / (3 * slope);
  return [x, theta * (A1 + A2 * t2 + t6 * (A3 + A4 * t2))];
}

function landPolygons(topology) {
  const { scale: [kx, ky], translate: [tx, ty] } = topology.transform;
  const arcs = topology.arcs.map((arc) => {
    let x = 0;
    let y = 0;
    return arc.map(([dx, dy]) => [(x += dx) * kx + tx, (y += dy) * ky + ty]);
  });
  const ring = (indexes) => indexes.flatMap((i) => (i >= 0 ? arcs[i] : [...arcs[~i]].reverse()));
  return topology.objects.land.geometries.flatMap((geometry) =>
    (geometry.type === 'Polygon' ? [geometry.arcs] : geometry.arcs).map((polygon) => polygon.map(ring)));
}

function inRing(x, y, ring) {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = ring[i];
    const [xj, yj] = ring[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

function latitudeOf(y) {
  let [low, high] = [-90, 90];
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (project(0, middle)[1] < y) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** TopoJSON of the land → `{width, height, scale, x_max, y_top, path, dots}`; a place lies at
 *  `((x + x_max) * scale, (y_top - y) * scale)` for its projected x, y. */
export function worldDots(topology) {
  const polygons = landPolygons(topology);
  const isLand = (lon, lat) =>
    polygons.some(([outer, ...holes]) => inRing(lon, lat, outer) && !holes.some((hole) => inRing(lon, lat, hole)));
  const xMax = project(180, 0)[0];
  const scale = WIDTH / (2 * xMax);
  const yTop = project(0, NORTH)[1];
  const height = (yTop - project(0, SOUTH)[1]) * scale;
  let path = '';
  let dots = 0;
  for (let row = 0, py = STEP / 2; py < height; py += STEP, row++) {
    const lat = latitudeOf(yTop - py / scale);
    const unit = project(1, lat)[0];
    for (let px = row % 2 ? STEP : STEP / 2; px < WIDTH; px += STEP) {
      const lon = (px / scale - xMax) / unit;
      if (Math.abs(lon) <= 180 && isLand(lon, lat)) {
        path += `M${px.toFixed(0)} ${py.toFixed(0)}h0`;
        dots++;
      }
    }
  }
  return { width: WIDTH, height: Math.round(height), scale, x_max: xMax, y_top: yTop, path, dots };
}
