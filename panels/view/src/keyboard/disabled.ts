/** The properties of a button that keeps the focus while it is disabled, unlike with `disabled`. */
export function disabledIf(isDisabled: boolean, onClick: () => void) {
  return { "aria-disabled": isDisabled, onClick: isDisabled ? undefined : onClick };
}
