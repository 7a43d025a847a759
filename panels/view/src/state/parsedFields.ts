/** The fields of a stored text; none of a text of something else. */
export function parsedFields<View extends object>(text: string | null): Partial<View> {
  if (!text) return {};
  try {
    const value: unknown = JSON.parse(text);
    return value && typeof value === "object" && !Array.isArray(value) ? value : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
