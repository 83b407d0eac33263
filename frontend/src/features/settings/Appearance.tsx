import { t } from "@lingui/core/macro";
import { SegmentedControl, Stack, Switch } from "@mantine/core";

import { useAppearance } from "@/lib/appearance";
import { chooseLanguage, LANGUAGES, useLanguage, type Language } from "@/lib/language";
import { setPreference, usePreferences } from "@/lib/preferences";

/** Each by its own name, for whoever reads no other. */
const SPOKEN = (Object.keys(LANGUAGES) as Language[]).map((value) => ({ value, label: LANGUAGES[value].name }));

export function Appearance() {
  const { appearance, setAppearance } = useAppearance();
  const { face, auto_submit } = usePreferences();
  return (
    <Stack gap="md" maw={400}>
      <SegmentedControl
        aria-label={t`Language`}
        value={useLanguage()}
        onChange={(value) => void chooseLanguage(value)}
        data={SPOKEN}
      />
      <SegmentedControl
        aria-label={t`Appearance`}
        value={appearance}
        onChange={setAppearance}
        data={[
          { value: "light", label: t`Light` },
          { value: "dark", label: t`Dark` },
          { value: "auto", label: t`As the system` },
        ]}
      />
      <SegmentedControl
        aria-label={t`Typeface of responses`}
        value={face}
        onChange={(value) => setPreference("face", value)}
        data={[
          { value: "serif", label: t`Serif responses` },
          { value: "sans", label: t`Sans responses` },
        ]}
      />
      <Switch
        label={t`Submit on choice`}
        description={t`On the ranking page, a digit or a click on the scale submits at once.`}
        checked={auto_submit}
        onChange={(event) => setPreference("auto_submit", event.currentTarget.checked)}
      />
    </Stack>
  );
}
