// What the App offers the page as globals.

interface SelectedSamples extends Map<string, string> {}

interface ViewedSample {
  id: string;
  hasNext?: boolean;
  hasPrevious?: boolean;
}

/** How the viewer goes on: by a number of samples. */
interface ModalNavigation {
  next(count?: number): Promise<ViewedSample>;
  previous(count?: number): Promise<ViewedSample>;
  peek(count?: number): Promise<null>;
}

interface PanelRecord {
  name: string;
  Icon?: import("react").ComponentType;
}

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
  ReactDOM: {
    createPortal(
      children: import("react").ReactNode,
      container: Element
    ): import("react").ReactPortal;
  };
  recoil: {
    useRecoilValue<T>(state: { __type?: T }): T;
    useRecoilValueLoadable<T>(state: { __type?: T }): { state: string; contents: T };
  };
  __fos__: {
    selectedSamples: { __type?: SelectedSamples };
    isModalActive: { __type?: boolean };
    /** The sample that the viewer shows; null while it is closed. */
    modalSelector: { __type?: ViewedSample | null };
    /** The color of a value of a field. */
    valueColor(path: string): { __type?: (value: string) => string };
    useSetSelected(): (selected: SelectedSamples) => void;
    useSetModalState(): (navigation: ModalNavigation) => Promise<void>;
    useSetExpandedSample(): (sample: ViewedSample) => Promise<void>;
    /** The stages of the view in the grid. */
    view: { __type?: object[] };
    /** The filters of the sidebar. */
    filters: { __type?: object };
    datasetName: { __type?: string | null };
    useClearModal(): () => void;
    getSampleSrc(path: string | null): string;
  };
  __foo__: {
    usePanelEvent(): (panelId: string, event: PanelEvent) => void;
    executeOperator(uri: string, params: object): Promise<void>;
    registerOperator(operator: new (pluginName: string) => object, pluginName: string): void;
    Operator: new (pluginName: string) => object;
    OperatorConfig: new (options: object) => object;
    types: {
      Places: { SAMPLES_GRID_SECONDARY_ACTIONS: string };
      Placement: new (place: string, view: object) => object;
      Button: new (options: object) => object;
    };
  };
  __fosp__: { usePanelId(): string };
  __fop__: {
    PluginComponentType: { Component: number; Panel: number };
    /** Calls a function when a panel or a component is registered. */
    subscribeToRegistry(listener: () => void): () => void;
    getByType(type: number): PanelRecord[];
    registerComponent(registration: {
      name: string;
      label: string;
      component: import("react").ComponentType<never>;
      type: number;
      activator: () => boolean;
    }): void;
  };
}
