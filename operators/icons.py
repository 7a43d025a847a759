"""The plugin's own icon, as files for the App's light and dark mode."""

from __future__ import annotations

# Paths in the plugin's folder; the drawing is that of the panel, panels/view/src/app/icon.ts.
OWN_ICON = {"light_icon": "/panels/icons/light.svg", "dark_icon": "/panels/icons/dark.svg"}
