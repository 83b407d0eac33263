import { t } from "@lingui/core/macro";
import { Popover, SegmentedControl, Slider, Switch } from "@mantine/core";

import { useAppearance } from "@/lib/appearance";
import { setPreference, usePreferences, type Preferences } from "@/lib/preferences";
import { useClickAtFirst } from "@/lib/useClickAtFirst";

import classes from "./RankingBar.module.css";
import { ReadingButton } from "./ReadingButton";

const SIZES = [
  { value: 0, label: "S" },
  { value: 1, label: "M" },
  { value: 2, label: "L" },
  { value: 3, label: "XL" },
];

/** How responses are read and judged; personal. */
export function ReadingPopover() {
  const { face, text_size, markdown, auto_submit, width, density, panes, contrast } = usePreferences();
  const button = useClickAtFirst();
  const { appearance, setAppearance } = useAppearance();
  return (
    <Popover position="bottom-end" width={300} withinPortal trapFocus returnFocus>
      <Popover.Target>
        <ReadingButton ref={button} />
      </Popover.Target>
      <Popover.Dropdown aria-label={t`Reading settings`}>
        <div className={classes.settings}>
          <SegmentedControl
            fullWidth
            aria-label={t`Typeface`}
            value={face}
            onChange={(value) => setPreference("face", value)}
            data={[
              { value: "serif", label: t`Serif` },
              { value: "sans", label: t`Sans` },
            ]}
          />
          <div style={{ paddingBottom: 18 }}>
            <Slider
              thumbLabel={t`Text size`}
              label={null}
              min={0}
              max={3}
              step={1}
              marks={SIZES}
              value={text_size}
              onChange={(value) => setPreference("text_size", value as Preferences["text_size"])}
            />
          </div>
          <SegmentedControl
            fullWidth
            aria-label={t`Markdown or plain text`}
            value={markdown ? "markdown" : "plain"}
            onChange={(value) => setPreference("markdown", value === "markdown")}
            data={[
              { value: "markdown", label: t`Markdown` },
              { value: "plain", label: t`Plain text` },
            ]}
          />
          <SegmentedControl
            fullWidth
            aria-label={t`Appearance`}
            value={appearance}
            onChange={(value) => setAppearance(value)}
            data={[
              { value: "light", label: t`Light` },
              { value: "dark", label: t`Dark` },
              { value: "auto", label: t`System` },
            ]}
          />
          <SegmentedControl
            fullWidth
            aria-label={t`Contrast`}
            value={contrast}
            onChange={(value) => setPreference("contrast", value)}
            data={[
              { value: "normal", label: t`Normal contrast` },
              { value: "high", label: t`High` },
            ]}
          />
          <SegmentedControl
            fullWidth
            aria-label={t`Width`}
            value={width}
            onChange={(value) => setPreference("width", value)}
            data={[
              { value: "narrow", label: t`Narrow` },
              { value: "normal", label: t`Normal` },
              { value: "full", label: t`Full width` },
            ]}
          />
          <SegmentedControl
            fullWidth
            aria-label={t`Density`}
            value={density}
            onChange={(value) => setPreference("density", value)}
            data={[
              { value: "airy", label: t`Airy` },
              { value: "dense", label: t`Dense` },
            ]}
          />
          <SegmentedControl
            fullWidth
            aria-label={t`Scrolling of responses`}
            value={panes}
            onChange={(value) => setPreference("panes", value)}
            data={[
              { value: "together", label: t`Scroll together` },
              { value: "apart", label: t`Apart` },
            ]}
          />
          <Switch
            label={t`Submit on choice`}
            description={t`A digit or a click on the scale submits at once; Undo opens it again.`}
            checked={auto_submit}
            onChange={(event) => setPreference("auto_submit", event.currentTarget.checked)}
          />
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
