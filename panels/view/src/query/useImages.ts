import { useEffect, useState } from "react";
import { isFailure, type Server } from "../app/server.ts";

/** The images of samples; none until they are known. */
export function useImages(server: Server, ids: string[]): string[] {
  const [paths, setPaths] = useState<string[]>([]);
  const key = ids.join();
  useEffect(() => {
    setPaths([]);
    if (!ids.length) return undefined;
    let isCurrent = true;
    server("images", { ids }).then((answer) => {
      if (isCurrent && !isFailure(answer)) setPaths(answer.filepaths);
    });
    return () => {
      isCurrent = false;
    };
  }, [server, key]);
  return paths;
}
