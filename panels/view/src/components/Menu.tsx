import React, {
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { disabledIf } from "../keyboard/disabled.ts";
import { Icon, type IconName } from "./Icon.tsx";

const EDGE = 10;

interface MenuProps {
  /** The `data-cy` name of the button. */
  name: string;
  label: string;
  icon?: IconName;
  title?: string;
  /** The accessible name of the dialog. */
  dialogLabel: string;
  isDisabled?: boolean;
  className?: string;
  children: (close: () => void) => ReactNode;
}

/** A button that opens a dialog over the page, which stays inside the panel. */
export function Menu(props: MenuProps) {
  const { name, label, icon, title, dialogLabel, isDisabled = false, className, children } = props;
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const close = () => {
    setOpen(false);
    // The App may have mounted the panel again meanwhile.
    root.current?.querySelector("button")?.focus();
  };
  useOutsideClick(root, isOpen, () => setOpen(false));
  const popover = usePlaceInPanel(isOpen);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !isOpen) return;
    event.stopPropagation();
    close();
  };
  return (
    <div className="ffs-menu" ref={root} onKeyDown={onKeyDown}>
      <button
        type="button"
        className={`ffs-button ${className ?? ""}`}
        data-cy={name}
        aria-label={title ?? label}
        title={title}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        {...disabledIf(isDisabled, () => setOpen(!isOpen))}
      >
        {icon && <Icon name={icon} size={16} />}
        <span className={icon ? "ffs-button-label" : undefined}>{label}</span>
        <Icon name="more" size={14} />
      </button>
      {isOpen && (
        <div ref={popover} className="ffs-popover" role="dialog" aria-label={dialogLabel}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

function useOutsideClick(root: React.RefObject<HTMLElement>, isOpen: boolean, act: () => void) {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (!isOpen) return undefined;
    const onPointerDown = ({ target }: PointerEvent) => {
      if (!root.current?.contains(target as Node)) latest.current();
    };
    document.addEventListener("pointerdown", onPointerDown);
    return () => document.removeEventListener("pointerdown", onPointerDown);
  }, [root, isOpen]);
}

/** Moves an open popover so far to the left that it fits, and limits its height. */
function usePlaceInPanel(isOpen: boolean): React.RefObject<HTMLDivElement> {
  const popover = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = popover.current;
    const panel = element?.closest(".ffs-panel");
    if (!isOpen || !element || !panel) return;
    const [own, outer] = [element.getBoundingClientRect(), panel.getBoundingClientRect()];
    const right = outer.left + panel.clientWidth - EDGE;
    const shift = Math.min(0, right - own.right);
    element.style.left = `${Math.max(shift, outer.left + EDGE - own.left)}px`;
    element.style.maxHeight = `${Math.max(120, outer.bottom - own.top - EDGE)}px`;
  }, [isOpen]);
  return popover;
}
