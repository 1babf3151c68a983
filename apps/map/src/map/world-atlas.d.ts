/** What the build makes of it (slim-atlas.ts). */
declare module "world-atlas/countries-110m.json" {
  const packed: { readonly land: readonly (readonly string[])[]; readonly borders: readonly string[] };
  export default packed;
}
