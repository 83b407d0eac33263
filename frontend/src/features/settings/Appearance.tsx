import { SegmentedControl, Stack, Switch, useMantineColorScheme } from "@mantine/core";

import { setPreference, usePreferences } from "@/lib/preferences";

export function Appearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { face, autoSubmit } = usePreferences();
  return (
    <Stack gap="md" maw={400}>
      <SegmentedControl
        aria-label="Appearance"
        value={colorScheme}
        onChange={setColorScheme}
        data={[
          { value: "light", label: "Light" },
          { value: "dark", label: "Dark" },
          { value: "auto", label: "As the system" },
        ]}
      />
      <SegmentedControl
        aria-label="Typeface of responses"
        value={face}
        onChange={(value) => setPreference("face", value)}
        data={[
          { value: "serif", label: "Serif responses" },
          { value: "sans", label: "Sans responses" },
        ]}
      />
      <Switch
        label="Submit on choice"
        description="On the ranking page, a digit or a click on the scale submits at once."
        checked={autoSubmit}
        onChange={(event) => setPreference("autoSubmit", event.currentTarget.checked)}
      />
    </Stack>
  );
}
