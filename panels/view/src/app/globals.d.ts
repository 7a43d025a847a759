// What the App offers the page as globals.

interface SelectedSamples extends Map<string, string> {}

interface PanelEvent {
  operator: string | undefined;
  params: object;
  panelId: string;
  callback: (outcome: PanelOutcome | undefined) => void;
}

interface PanelOutcome {
  result?: object | null;
  error?: unknown;
  errorMessage?: unknown;
}

interface Window {
  React: typeof import("react");
  recoil: { useRecoilValue<T>(state: { __type?: T }): T };
  __fos__: {
    selectedSamples: { __type?: SelectedSamples };
    isModalActive: { __type?: boolean };
    useClearModal(): () => void;
    getSampleSrc(path: string | null): string;
  };
  __foo__: { usePanelEvent(): (panelId: string, event: PanelEvent) => void };
  __fosp__: { usePanelId(): string };
  __fop__: {
    PluginComponentType: { Component: number };
    registerComponent(registration: {
      name: string;
      label: string;
      component: import("react").ComponentType<never>;
      type: number;
      activator: () => boolean;
    }): void;
  };
}
