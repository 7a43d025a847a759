import { useEffect, useState } from "react";

/** Whether the App's theme is dark, from the background of an element of the panel. */
export function useIsDark(element: { current: HTMLElement | null }): boolean {
  const [isDark, setDark] = useState(true);
  useEffect(() => {
    const read = () => {
      const panel = element.current?.closest(".ffs-panel");
      const color = panel ? getComputedStyle(panel).backgroundColor : "";
      const [r = 0, g = 0, b = 0] = (color.match(/\d+(\.\d+)?/g) ?? []).map(Number);
      setDark(0.299 * r + 0.587 * g + 0.114 * b < 128);
    };
    read();
    const observer = new MutationObserver(read);
    observer.observe(document.documentElement, { attributes: true });
    return () => observer.disconnect();
  }, [element]);
  return isDark;
}
