/** A line of a comparison: what each run has there; undefined: nothing. */
export interface ConfigLine {
  readonly name: string;
  readonly values: readonly (string | undefined)[];
  readonly differs: boolean;
}

/** The configurations of several runs side by side, differences first, each part by name. */
export function compareConfigs(configs: readonly ReadonlyMap<string, string>[]): ConfigLine[] {
  const names = [...new Set(configs.flatMap((config) => [...config.keys()]))].sort();
  const lines = names.map((name): ConfigLine => {
    const values = configs.map((config) => config.get(name));
    return { name, values, differs: values.some((value) => value !== values[0]) };
  });
  return [...lines.filter(({ differs }) => differs), ...lines.filter(({ differs }) => !differs)];
}
