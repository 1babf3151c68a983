declare module "world-atlas/countries-110m.json" {
  type Mesh = typeof import("topojson-client").mesh;
  const topology: Parameters<Mesh>[0] & { objects: { countries: NonNullable<Parameters<Mesh>[1]> } };
  export default topology;
}
