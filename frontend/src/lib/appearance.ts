import { useMantineColorScheme, type MantineColorScheme } from "@mantine/core";

import { chose } from "./choices";

interface Appearance {
  appearance: MantineColorScheme;
  setAppearance: (appearance: MantineColorScheme) => void;
}

/** Light, dark or as the system, as this person chose. */
export function useAppearance(): Appearance {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const setAppearance = (appearance: MantineColorScheme) => {
    setColorScheme(appearance);
    chose("appearance");
  };
  return { appearance: colorScheme, setAppearance };
}
