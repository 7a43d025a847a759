/** What a result consists of: samples, or labels if its index holds patches. */
export function nounOf({ patches_field }: { patches_field: string | null }): "sample" | "label" {
  return patches_field === null ? "sample" : "label";
}
