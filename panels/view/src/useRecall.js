import { useRef } from "./app.js";

/**
 * Earlier queries by the arrow keys, as in a shell: up from an empty line to the last one, and on to
 * older ones; down to newer ones, and to the empty line.
 *
 * @param line a reference to the line's element
 * @returns a function of a key event that tells whether it used the key
 */
export function useRecall(server, line, update, say) {
  const past = useRef({ lines: [], place: -1 });
  const show = (place) => {
    past.current.place = place;
    update({ query: past.current.lines[place] || "" });
  };
  const begin = async () => {
    const { searches, error } = await server("history");
    if (error) return say("error", error);
    const newest = [...searches].sort((a, b) => b.used_at.localeCompare(a.used_at));
    const lines = [...new Set(newest.map((one) => one.params.query).filter(Boolean))];
    past.current = { lines, place: -1 };
    // Something may have been typed meanwhile.
    if (lines.length && line.current?.value === "") show(0);
  };
  return (event) => {
    const { lines, place } = past.current;
    const { value } = line.current;
    const isRecalled = place >= 0 && value === lines[place];
    if (event.key === "ArrowUp" && !value) begin();
    else if (event.key === "ArrowUp" && isRecalled) show(Math.min(place + 1, lines.length - 1));
    else if (event.key === "ArrowDown" && isRecalled) show(place - 1);
    else return false;
    event.preventDefault();
    return true;
  };
}
