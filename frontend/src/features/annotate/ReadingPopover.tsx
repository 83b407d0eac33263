import { Popover, SegmentedControl, Slider, Switch, useMantineColorScheme } from "@mantine/core";

import { setPreference, usePreferences, type Preferences } from "@/lib/preferences";

import classes from "./RankingBar.module.css";
import { ReadingButton } from "./ReadingButton";

const SIZES = [
  { value: 0, label: "S" },
  { value: 1, label: "M" },
  { value: 2, label: "L" },
  { value: 3, label: "XL" },
];

/** How responses are read and judged; personal, kept in this browser. */
export function ReadingPopover() {
  const { face, textSize, markdown, autoSubmit, width, density, panes, contrast } = usePreferences();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Popover position="bottom-end" width={300} withinPortal trapFocus defaultOpened>
      <Popover.Target>
        <ReadingButton autoFocus />
      </Popover.Target>
      <Popover.Dropdown aria-label="Reading settings">
        <div className={classes.settings}>
          <SegmentedControl
            fullWidth
            aria-label="Typeface"
            value={face}
            onChange={(value) => setPreference("face", value)}
            data={[
              { value: "serif", label: "Serif" },
              { value: "sans", label: "Sans" },
            ]}
          />
          <div style={{ paddingBottom: 18 }}>
            <Slider
              thumbLabel="Text size"
              label={null}
              min={0}
              max={3}
              step={1}
              marks={SIZES}
              value={textSize}
              onChange={(value) => setPreference("textSize", value as Preferences["textSize"])}
            />
          </div>
          <SegmentedControl
            fullWidth
            aria-label="Markdown or plain text"
            value={markdown ? "markdown" : "plain"}
            onChange={(value) => setPreference("markdown", value === "markdown")}
            data={[
              { value: "markdown", label: "Markdown" },
              { value: "plain", label: "Plain text" },
            ]}
          />
          <SegmentedControl
            fullWidth
            aria-label="Appearance"
            value={colorScheme}
            onChange={(value) => setColorScheme(value)}
            data={[
              { value: "light", label: "Light" },
              { value: "dark", label: "Dark" },
              { value: "auto", label: "System" },
            ]}
          />
          <SegmentedControl
            fullWidth
            aria-label="Contrast"
            value={contrast}
            onChange={(value) => setPreference("contrast", value)}
            data={[
              { value: "normal", label: "Normal contrast" },
              { value: "high", label: "High" },
            ]}
          />
          <SegmentedControl
            fullWidth
            aria-label="Width"
            value={width}
            onChange={(value) => setPreference("width", value)}
            data={[
              { value: "narrow", label: "Narrow" },
              { value: "normal", label: "Normal" },
              { value: "full", label: "Full width" },
            ]}
          />
          <SegmentedControl
            fullWidth
            aria-label="Density"
            value={density}
            onChange={(value) => setPreference("density", value)}
            data={[
              { value: "airy", label: "Airy" },
              { value: "dense", label: "Dense" },
            ]}
          />
          <SegmentedControl
            fullWidth
            aria-label="Scrolling of responses"
            value={panes}
            onChange={(value) => setPreference("panes", value)}
            data={[
              { value: "together", label: "Scroll together" },
              { value: "apart", label: "Apart" },
            ]}
          />
          <Switch
            label="Submit on choice"
            description="A digit or a click on the scale submits at once; Undo opens it again."
            checked={autoSubmit}
            onChange={(event) => setPreference("autoSubmit", event.currentTarget.checked)}
          />
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
